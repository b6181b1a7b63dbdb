package io.fullbore.redis;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one way to Redis of one event loop: a single pipelined connection that is given up as soon as
 * an answer is late, so that a slow, frozen or dead Redis costs a request at most the timeout, and
 * the requests after it nothing.
 *
 * <pre>
 *   down --connect and PING answered--> up
 *   up --an answer is late, the connection breaks, Redis says it cannot serve--> down
 *   down: everything fails at once with {@link RedisDownException};
 *         tried again at once, and then every 200 ms
 * </pre>
 *
 * <p>Each change of state is one line in the log, see {@link RedisOutage}. Confined to the event
 * loop it was started on.
 */
public final class RedisGate {
  private static final long RETRY_MS = 200;
  private static final long CONNECT_TIMEOUT_MS = 1_000;

  /** Errors by which a server says that it cannot serve at all. */
  private static final Set<String> OUTAGES =
      Set.of("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN");

  /** The parts of an address that may hold a password. */
  private static final Pattern SECRET = Pattern.compile("(?<=://)\\S*(?=@)|(?<=password=)[^&\\s]+");

  private final Vertx vertx;
  private final RedisOptions options;
  private final long timeoutMs;
  private final RedisOutage outage;
  private final Set<Promise<Response>> pending = new HashSet<>();
  private final List<Runnable> whenUp = new ArrayList<>();
  private @Nullable Redis client;
  private @Nullable RedisConnection connection;
  private boolean closed;

  /**
   * @param options where Redis is
   * @param timeoutMs longest wait for an answer
   * @param outage shared by the gates of this process
   */
  public RedisGate(Vertx vertx, RedisOptions options, long timeoutMs, RedisOutage outage) {
    this.vertx = vertx;
    this.options = options;
    this.timeoutMs = timeoutMs;
    this.outage = outage;
  }

  /**
   * Connects; call once, on the event loop.
   *
   * @return completes when the first attempt has ended, one way or the other; never fails
   */
  public Future<Void> start() {
    return connect();
  }

  /**
   * Has an action run on the gate's loop each time it is up, before anything else is sent. Call
   * before {@link #start}.
   */
  public void onUp(Runnable action) {
    whenUp.add(action);
  }

  /** Whether Redis answered last. */
  public boolean up() {
    return connection != null;
  }

  /** Sends a command. Fails with {@link RedisDownException} or with Redis's own error. */
  public Future<Response> send(Request request) {
    RedisConnection current = connection;
    if (current == null) {
      return Future.failedFuture(new RedisDownException("Redis is not reachable.", true));
    }
    return send(current, request);
  }

  /** Runs a script; teaches it to a Redis that does not know it. */
  public Future<Response> eval(RedisScript script, List<String> keys, List<String> arguments) {
    return eval(script, keys, arguments, null);
  }

  /**
   * The same with bytes as the script's last argument.
   *
   * @param payload null for none
   */
  public Future<Response> eval(
      RedisScript script, List<String> keys, List<String> arguments, @Nullable Buffer payload) {
    return send(evaluation(Command.EVALSHA, script.sha1(), keys, arguments, payload))
        .recover(
            cause ->
                cause instanceof ErrorType error && error.is("NOSCRIPT")
                    ? send(evaluation(Command.EVAL, script.source(), keys, arguments, payload))
                    : Future.failedFuture(cause));
  }

  private static Request evaluation(
      Command command,
      String script,
      List<String> keys,
      List<String> arguments,
      @Nullable Buffer payload) {
    Request request = Request.cmd(command).arg(script).arg(keys.size());
    keys.forEach(request::arg);
    arguments.forEach(request::arg);
    return payload == null ? request : request.arg(payload);
  }

  /** Has an action run once on the gate's loop, after the time between two tries to connect. */
  public void later(Runnable action) {
    vertx.setTimer(
        RETRY_MS,
        ignored -> {
          if (!closed) {
            action.run();
          }
        });
  }

  /** Ends what is under way and connects no more. */
  public Future<Void> close() {
    closed = true;
    return drop("it is closed");
  }

  private Future<Response> send(RedisConnection through, Request request) {
    Promise<Response> promise = Promise.promise();
    pending.add(promise);
    long timer = vertx.setTimer(timeoutMs, ignored -> late(promise, through));
    through
        .send(request)
        .onComplete(
            result -> {
              vertx.cancelTimer(timer);
              if (!pending.remove(promise)) {
                return;
              }
              if (result.succeeded()) {
                promise.complete(result.result());
              } else if (result.cause() instanceof ErrorType error
                  && !OUTAGES.contains(kind(error))) {
                promise.fail(error);
              } else {
                boolean refused = result.cause() instanceof ErrorType;
                String why = reason(result.cause());
                promise.fail(new RedisDownException("Redis failed: " + why, refused));
                lost(through, why);
              }
            });
    return promise.future();
  }

  /**
   * Why Redis cannot be asked; the client's own messages may name its address with the password.
   */
  static String reason(Throwable cause) {
    return SECRET.matcher(String.valueOf(cause)).replaceAll("***");
  }

  private static String kind(ErrorType error) {
    String message = String.valueOf(error.getMessage());
    int space = message.indexOf(' ');
    return space < 0 ? message : message.substring(0, space);
  }

  /**
   * The answer is late, unless this event loop was: what has arrived meanwhile is read before the
   * next timer goes off.
   */
  private void late(Promise<Response> promise, RedisConnection through) {
    vertx.setTimer(
        1,
        ignored -> {
          if (pending.contains(promise)) {
            lost(through, "no answer within %d ms".formatted(timeoutMs));
          }
        });
  }

  private void lost(RedisConnection broken, String why) {
    if (broken == connection) {
      drop(why);
      connect();
    }
  }

  /**
   * Gives the connection up and fails whatever waits for it. The client goes with it: it would hand
   * the same socket out again, on which nothing may ever come.
   */
  private Future<Void> drop(String why) {
    Redis old = client;
    client = null;
    connection = null;
    if (old != null && !closed) {
      outage.begin(why);
    }
    List<Promise<Response>> waiting = List.copyOf(pending);
    pending.clear();
    waiting.forEach(
        promise -> promise.tryFail(new RedisDownException("Redis: " + why + ".", false)));
    return old == null ? Future.succeededFuture() : old.close();
  }

  /** One attempt; another one follows later where it fails. */
  private Future<Void> connect() {
    Promise<Void> attempted = Promise.promise();
    Context context = vertx.getOrCreateContext();
    Redis made = Redis.createClient(vertx, options);
    made.connect()
        .compose(this::greeted)
        .timeout(CONNECT_TIMEOUT_MS, TimeUnit.MILLISECONDS)
        .onComplete(
            result ->
                context.runOnContext(
                    ignored -> {
                      if (result.succeeded() && !closed) {
                        use(made, result.result());
                      } else {
                        made.close();
                        if (!closed) {
                          outage.begin(reason(result.cause()));
                          later(this::connect);
                        }
                      }
                      attempted.complete();
                    }));
    return attempted.future();
  }

  private Future<RedisConnection> greeted(RedisConnection opened) {
    return opened.send(Request.cmd(Command.PING)).map(opened);
  }

  private void use(Redis made, RedisConnection opened) {
    client = made;
    connection = opened;
    opened.exceptionHandler(cause -> lost(opened, reason(cause)));
    opened.endHandler(ignored -> lost(opened, "the connection was closed"));
    outage.end();
    whenUp.forEach(Runnable::run);
  }
}
