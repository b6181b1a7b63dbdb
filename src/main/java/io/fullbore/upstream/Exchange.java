package io.fullbore.upstream;

import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt: a request that is sent with one permit, and what comes back. Confined to an event
 * loop.
 *
 * <pre>
 *   connect --connectTimeoutMs--> send --firstTokenTimeoutMs--> first piece of a stream, or the
 *     head of a whole answer --idleTimeoutMs between two events, or two buffers--> end
 * </pre>
 *
 * <p>A stream has ended well where the upstream said so, or where HTTP did after every choice had
 * its finish_reason; whatever else ends it is a failure. Whichever way it ends, the permit is used
 * once, and the listener told once unless the exchange was abandoned.
 */
final class Exchange {
  /** Receives one exchange: pieces, then one of the others. */
  interface Listener {
    void onPiece(Exchange exchange, ForwardedPiece piece);

    void onAnswered(Exchange exchange, Usage usage);

    void onFailed(Exchange exchange, AttemptFailure failure);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  /** Longest data of one event; images come in one. */
  private static final int MAX_EVENT_BYTES = 8 << 20;

  private static final int MAX_WHOLE_BYTES = 64 << 20;
  private static final int MAX_ERROR_BYTES = 64 << 10;

  /** How long a connection that has nothing more to say may take to say so. */
  private static final long LINGER_MS = 1_000;

  private final UpstreamLine line;
  private final ForwardedCall call;
  private final String model;
  private final UpstreamGate.Permit permit;
  private final Listener listener;
  private final AttemptFailures failures;
  private final Tally tally = new Tally();
  private final PieceReader reader;
  private final EventStreamParser events = new EventStreamParser(MAX_EVENT_BYTES);
  private final SilenceTimer silence;
  private Buffer collected = Buffer.buffer();
  private @Nullable HttpClientRequest request;
  private @Nullable HttpClientResponse response;
  private long sentNanos;
  private boolean delivered;
  private boolean paused;
  private boolean received;
  private boolean ended;

  /**
   * @param model as the upstream calls it
   * @param permit is used by the exchange
   */
  Exchange(
      UpstreamLine line,
      ForwardedCall call,
      String model,
      UpstreamGate.Permit permit,
      Listener listener) {
    this.line = line;
    this.call = call;
    this.model = model;
    this.permit = permit;
    this.listener = listener;
    this.failures = line.upstream().failures();
    this.reader =
        new PieceReader(call, line.upstream().dialect().translator(call).orElse(null), tally);
    this.silence = new SilenceTimer(line.vertx(), line.nanoClock());
  }

  /** Sends the request; call once. */
  void start(RequestOptions options, Buffer body) {
    Future<HttpClientRequest> connecting;
    try {
      connecting = line.http().request(options);
    } catch (IllegalStateException e) {
      connecting = Future.failedFuture(e); // the client is closed
    }
    connecting.onComplete(connected -> onConnection(connected, body));
  }

  /** Whether a piece was given to the listener. */
  boolean delivered() {
    return delivered;
  }

  /** Ends it without telling the listener; harmless where it has ended. */
  void abandon() {
    if (end()) {
      permit.release();
      reset();
    }
  }

  /** The same because the caller has left. */
  void cancel() {
    if (end()) {
      if (delivered) {
        permit.release();
      } else {
        permit.unanswered();
      }
      reset();
    }
  }

  /** Reads no more; what was read already is still given to the listener. */
  void pause() {
    if (!paused && !ended) {
      paused = true;
      silence.pause();
      if (response != null) {
        response.pause();
      }
    }
  }

  void resume() {
    if (paused && !ended) {
      paused = false;
      silence.resume();
      if (response != null) {
        response.resume();
      }
    }
  }

  /**
   * The tokens used so far.
   *
   * @param complete whether that is all
   */
  Future<Usage> usage(boolean complete) {
    return tally.usage(line.vertx(), line.tokenCount(), call, model, complete);
  }

  private void onConnection(AsyncResult<HttpClientRequest> connected, Buffer body) {
    HttpClientRequest opened = connected.result();
    if (opened == null) {
      if (!ended) {
        fail(failures.notConnected(connected.cause()));
      }
      return;
    }
    opened.exceptionHandler(ignored -> {}); // told by the response's future too
    if (ended) {
      opened.reset(); // gives the connection back
      return;
    }
    request = opened;
    sentNanos = line.nanoClock().getAsLong();
    listen(line.upstream().settings().firstTokenTimeoutMs(), () -> fail(failures.noFirstPiece()));
    opened.send(body).onComplete(this::onHead);
  }

  private void onHead(AsyncResult<HttpClientResponse> head) {
    if (ended) {
      return;
    }
    if (head.failed()) {
      fail(failures.disconnected());
      return;
    }
    HttpClientResponse answer = head.result();
    response = answer;
    answer.exceptionHandler(ignored -> onBroken());
    answer.endHandler(ignored -> onEnd());
    answer.handler(this::onBytes);
    if (paused) {
      answer.pause();
    }
    if (succeeded(answer) && !call.stream()) {
      listenOn();
    }
  }

  private static boolean succeeded(HttpClientResponse answer) {
    return answer.statusCode() >= 200 && answer.statusCode() < 300;
  }

  private void onBytes(Buffer bytes) {
    HttpClientResponse answer = response;
    if (ended || answer == null) {
      return;
    }
    try {
      if (!succeeded(answer)) {
        collected.appendBuffer(bytes);
        if (collected.length() > MAX_ERROR_BYTES) {
          failByStatus(answer);
        }
      } else if (call.stream()) {
        readEvents(bytes);
      } else {
        silence.heard();
        collected.appendBuffer(bytes);
        if (collected.length() > MAX_WHOLE_BYTES) {
          throw new BrokenAnswerException(
              "sent an answer of more than %d bytes".formatted(MAX_WHOLE_BYTES));
        }
      }
    } catch (BrokenAnswerException | ErrorAnswerException | RuntimeException e) {
      fail(e);
    }
  }

  private void readEvents(Buffer bytes) throws BrokenAnswerException, ErrorAnswerException {
    events.append(bytes);
    String data = ended ? null : events.next();
    while (data != null) {
      read(data);
      data = ended ? null : events.next();
    }
  }

  private void read(String data) throws BrokenAnswerException, ErrorAnswerException {
    for (ForwardedPiece piece : reader.event(data)) {
      deliver(piece);
    }
    if (delivered) {
      silence.heard();
    }
    if (reader.done() && !ended) {
      answered();
    }
  }

  private void deliver(ForwardedPiece piece) {
    if (ended) {
      return;
    }
    if (!delivered) {
      delivered = true;
      listenOn();
    }
    listener.onPiece(this, piece);
  }

  private void onEnd() {
    received = true;
    HttpClientResponse answer = response;
    if (ended || answer == null) {
      silence.stop();
      return;
    }
    try {
      if (!succeeded(answer)) {
        failByStatus(answer);
      } else if (!call.stream()) {
        readWhole(collected);
      } else if (reader.complete()) {
        answered();
      } else {
        fail(failures.cut());
      }
    } catch (BrokenAnswerException | ErrorAnswerException | RuntimeException e) {
      fail(e);
    }
  }

  /** All of it is there: a long one is read on a worker thread, where nobody touches the reader. */
  private void readWhole(Buffer body) throws BrokenAnswerException, ErrorAnswerException {
    silence.stop();
    if (body.length() <= Forwarding.LONGEST_IN_PLACE_BYTES) {
      onWhole(reader.whole(body.toString()));
      return;
    }
    line.vertx()
        .executeBlocking(() -> reader.whole(body.toString()), false)
        .onSuccess(this::onWhole)
        .onFailure(
            cause -> fail(cause instanceof Exception e ? e : new IllegalStateException(cause)));
  }

  private void onWhole(ForwardedPiece answer) {
    deliver(answer);
    answered();
  }

  /** The connection broke, or the answer is no HTTP. */
  private void onBroken() {
    received = true;
    HttpClientResponse answer = response;
    if (ended || answer == null) {
      silence.stop();
    } else if (succeeded(answer)) {
      fail(failures.cut());
    } else {
      failByStatus(answer);
    }
  }

  private void listen(long silenceMs, Runnable whenSilent) {
    silence.start(silenceMs, whenSilent);
    if (paused) {
      silence.pause();
    }
  }

  private void listenOn() {
    listen(line.upstream().settings().idleTimeoutMs(), () -> fail(failures.silent()));
  }

  private void answered() {
    if (!end()) {
      return;
    }
    long tookMs = TimeUnit.NANOSECONDS.toMillis(line.nanoClock().getAsLong() - sentNanos);
    linger();
    usage(true)
        .onSuccess(
            usage -> {
              permit.succeeded(tookMs, usage.totalTokens());
              listener.onAnswered(this, usage);
            });
  }

  /** Lets the body end, so that the connection can be used again. */
  private void linger() {
    if (!received && response != null) {
      silence.start(LINGER_MS, this::reset);
      response.resume();
    }
  }

  private void failByStatus(HttpClientResponse answer) {
    fail(failures.status(answer.statusCode(), answer.headers(), collected.getBytes()));
  }

  private void fail(Exception e) {
    switch (e) {
      case BrokenAnswerException broken -> fail(failures.broken(broken));
      case ErrorAnswerException error -> fail(failures.error(error.error()));
      default -> {
        LOG.error("passing on an answer of {} failed", line.upstream(), e);
        fail(failures.internal());
      }
    }
  }

  private void fail(AttemptFailure failure) {
    if (end()) {
      failure.settle(permit);
      reset();
      listener.onFailed(this, failure);
    }
  }

  private boolean end() {
    if (ended) {
      return false;
    }
    ended = true;
    silence.stop();
    collected = Buffer.buffer();
    return true;
  }

  private void reset() {
    if (request != null && !received) {
      received = true;
      request.reset();
    }
  }
}
