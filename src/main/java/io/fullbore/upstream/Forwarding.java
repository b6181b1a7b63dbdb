package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig.UpstreamModel;
import io.fullbore.core.Failure;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import io.fullbore.upstream.UpstreamGate.Permit;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.RequestOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request at one upstream until its sink is told the end. Confined to an event loop.
 *
 * <pre>
 *   start --write--gate--> exchange --first piece--> passed on to its end, well or not
 *                    ^        |  \--a whole answer takes longer than 95 of 100--> a second exchange;
 *                    |        |       whichever answers first ends the other
 *                    |        v failed before the first piece, and may be repeated
 *                    \----- backoff
 * </pre>
 *
 * <p>Every exchange but the upstream's first for this request is a repetition, which the gate's
 * budget must allow.
 */
final class Forwarding implements UpstreamCall, Exchange.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarding.class);

  /** Who would have to wait longer for a repetition is answered sooner elsewhere. */
  private static final long MAX_WAIT_MS = 2_000;

  /** Longer requests are written, and longer answers read, on a worker thread. */
  static final int LONGEST_IN_PLACE_BYTES = 64 << 10;

  private static final long NONE = -1;
  private static final Usage NOTHING = new Usage(0, 0, 0);

  /** What is sent, the same with every attempt. */
  private record Request(RequestOptions options, Buffer body) {}

  private final UpstreamLine line;
  private final UpstreamGate gate;
  private final ForwardedCall call;
  private final UpstreamModel model;
  private final long tokens;
  private final long withinMs;
  private final long startNanos;
  private final Attempts attempts;
  private final UpstreamSink sink;
  private final List<Exchange> running = new ArrayList<>(1);
  private @Nullable Request request;
  private @Nullable Future<Permit> entering;
  private @Nullable Exchange answering;
  private @Nullable AttemptFailure lastFailure;
  private long timer = NONE;
  private int repeatCount;
  private boolean hedged;
  private boolean paused;
  private boolean over;
  private boolean cancelled;
  private @Nullable Usage total;

  /**
   * @param tokens the most that prompt and answer may have together
   * @param withinMs the time left for the answer
   * @param attempts of the request, at whatever upstream
   */
  Forwarding(
      UpstreamLine line,
      ForwardedCall call,
      UpstreamModel model,
      long tokens,
      long withinMs,
      Attempts attempts,
      UpstreamSink sink) {
    this.line = line;
    this.gate = line.upstream().gate();
    this.call = call;
    this.model = model;
    this.tokens = tokens;
    this.withinMs = withinMs;
    this.startNanos = line.nanoClock().getAsLong();
    this.attempts = attempts;
    this.sink = sink;
  }

  /** Writes the request, so that no place is taken for one that cannot be sent; call once. */
  void start() {
    if (over) {
      return;
    }
    if (call.bodyBytes() <= LONGEST_IN_PLACE_BYTES) {
      Future.<@Nullable UpstreamFailure>future(written -> written.complete(write()))
          .onComplete(this::onWritten);
    } else {
      line.vertx().executeBlocking(this::write, false).onComplete(this::onWritten);
    }
  }

  /** Returns why the upstream cannot be asked this, or null. */
  private @Nullable UpstreamFailure write() {
    UpstreamFailure misfit = line.upstream().dialect().misfit(call).orElse(null);
    if (misfit == null) {
      request =
          new Request(
              line.upstream().request(call, model.name()),
              AnswerJson.bytes(line.upstream().dialect().body(call, model)));
    }
    return misfit;
  }

  private void onWritten(AsyncResult<@Nullable UpstreamFailure> written) {
    if (over) {
      return;
    }
    UpstreamFailure misfit = written.result();
    if (written.failed()) {
      LOG.error("a request to {} cannot be written", line.upstream(), written.cause());
      fail(line.upstream().failures().internal());
    } else if (misfit != null) {
      fail(misfit);
    } else {
      enter();
    }
  }

  /** Asks for leave to send the request. The sink may be told before this returns. */
  private void enter() {
    String name = line.upstream().settings().name();
    if (!attempts.include(name)) {
      await(gate.enter(tokens, leftMs()));
    } else if (gate.mayRepeat()) {
      await(gate.enterAgain(tokens, leftMs()));
    } else {
      String why = "The upstream '%s' has failed and is not asked again now.".formatted(name);
      fail(new UpstreamFailure(new Failure.UpstreamFailed(why), true));
    }
  }

  /** Of the time for the answer. */
  private long leftMs() {
    long passedNanos = line.nanoClock().getAsLong() - startNanos;
    return withinMs - TimeUnit.NANOSECONDS.toMillis(passedNanos);
  }

  private void await(Future<Permit> entered) {
    entering = entered;
    entered.onComplete(this::onEntered);
  }

  private void onEntered(AsyncResult<Permit> entered) {
    Permit permit = entered.result();
    if (permit == null) {
      onRefused(entered.cause());
    } else if (over) {
      permit.unsent();
    } else {
      attempts.add(line.upstream().settings().name());
      send(permit);
    }
  }

  private void onRefused(Throwable why) {
    if (over) {
      return;
    }
    if (lastFailure != null) {
      fail(lastFailure);
    } else if (why instanceof GateClosedException closed) {
      String message = String.valueOf(closed.getMessage());
      fail(new UpstreamFailure(new Failure.Overloaded(message, closed.retryAfterMs()), true));
    } else {
      LOG.error("the gate of {} failed", line.upstream(), why);
      fail(line.upstream().failures().internal());
    }
  }

  private void send(Permit permit) {
    var exchange = new Exchange(line, call, model.name(), permit, this);
    running.add(exchange);
    if (paused) {
      exchange.pause();
    }
    if (running.size() == 1) {
      awaitSlowness();
    }
    Request sent = Objects.requireNonNull(request);
    exchange.start(sent.options(), sent.body());
  }

  /** A whole answer that takes longer than nearly all others is asked for once more. */
  private void awaitSlowness() {
    if (call.stream() || hedged || !line.upstream().settings().hedge()) {
      return;
    }
    long p95Ms = gate.p95Ms();
    if (p95Ms != Long.MAX_VALUE) {
      timer = line.vertx().setTimer(Math.max(1, p95Ms), ignored -> hedge());
    }
  }

  /** Only where a slot is free: a hedge that would wait is given up. */
  private void hedge() {
    timer = NONE;
    if (!gate.mayRepeat()) {
      return;
    }
    hedged = true;
    Future<Permit> entered = gate.enterAgain(tokens, leftMs());
    if (entered.succeeded()) {
      send(entered.result());
    } else {
      entered.onSuccess(Permit::unsent);
      gate.leave(entered);
    }
  }

  @Override
  public void onPiece(Exchange exchange, ForwardedPiece piece) {
    if (over) {
      return;
    }
    if (answering == null) {
      answering = exchange;
      stopTimer();
      abandonOthers(exchange);
    }
    sink.onPiece(piece);
  }

  @Override
  public void onAnswered(Exchange exchange, Usage usage) {
    total = usage;
    if (!over) {
      over = true;
      sink.onEnd(usage);
    }
  }

  @Override
  public void onFailed(Exchange exchange, AttemptFailure failure) {
    running.remove(exchange);
    if (over) {
      return;
    }
    if (exchange.delivered()) {
      fail(new UpstreamFailure(failure.failure(), false));
    } else if (!failure.elsewhere()) {
      fail(failure);
    } else if (running.isEmpty()) {
      stopTimer();
      repeat(failure);
    }
  }

  private void repeat(AttemptFailure failure) {
    long waitMs = Math.max(failure.retryAfterMs(), gate.closedForMs());
    if (!failure.repeatable()
        || repeatCount >= line.upstream().settings().maxRetries()
        || waitMs > MAX_WAIT_MS
        || !gate.mayRepeat()) {
      fail(failure);
      return;
    }
    lastFailure = failure;
    long delayMs = Math.max(waitMs, line.backoff().delayMs(repeatCount));
    repeatCount++;
    timer = line.vertx().setTimer(Math.max(1, delayMs), ignored -> enterAgain());
  }

  private void enterAgain() {
    timer = NONE;
    await(gate.enterAgain(tokens, leftMs()));
  }

  /** The upstream's own wish where it has one, and else what its gate makes of it. */
  private void fail(AttemptFailure failure) {
    if (failure.failure() instanceof Failure.Overloaded(String message, long retryAfterMs)
        && retryAfterMs == 0) {
      var overloaded = new Failure.Overloaded(message, gate.closedForMs());
      fail(new UpstreamFailure(overloaded, failure.elsewhere()));
    } else {
      fail(failure.toUpstreamFailure());
    }
  }

  private void fail(UpstreamFailure failure) {
    stop();
    used()
        .onSuccess(
            usage -> {
              if (!cancelled) {
                sink.onFailure(failure, usage);
              }
            });
  }

  @Override
  public void cancel() {
    cancelled = true;
    List<Exchange> left = List.copyOf(running);
    running.clear();
    left.forEach(Exchange::cancel);
    stop();
    if (entering != null) {
      gate.leave(entering);
    }
  }

  private void stop() {
    over = true;
    stopTimer();
    abandonOthers(null);
  }

  private void abandonOthers(@Nullable Exchange kept) {
    for (Exchange exchange : List.copyOf(running)) {
      if (exchange != kept) {
        running.remove(exchange);
        exchange.abandon();
      }
    }
  }

  private void stopTimer() {
    if (timer != NONE) {
      line.vertx().cancelTimer(timer);
      timer = NONE;
    }
  }

  @Override
  public void pause() {
    if (call.stream()) {
      paused = true;
      running.forEach(Exchange::pause);
    }
  }

  @Override
  public void resume() {
    paused = false;
    running.forEach(Exchange::resume);
  }

  @Override
  public Future<Usage> used() {
    if (total != null) {
      return Future.succeededFuture(total);
    }
    return answering == null ? Future.succeededFuture(NOTHING) : answering.usage(false);
  }
}
