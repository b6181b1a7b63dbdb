package io.fullbore.upstream;

import io.fullbore.Eventually;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A client on an event loop of its own, and the means to ask it from a test. */
final class ClientRig implements AutoCloseable {
  static final TokenCount TOKEN_COUNT = new TokenCount();

  final Vertx vertx = Vertx.vertx();
  final WatchedGate gate = new WatchedGate();
  private final Context context = vertx.getOrCreateContext();

  /** Starts a server that answers as the test says; returns its base URL. */
  String serve(Consumer<HttpServerRequest> handler) throws Exception {
    HttpServer server = vertx.createHttpServer().requestHandler(handler::accept);
    server.listen(0, "127.0.0.1").await(10, TimeUnit.SECONDS);
    return "http://127.0.0.1:" + server.actualPort();
  }

  UpstreamClient client(Settings settings) throws Exception {
    return client(settings, gate);
  }

  UpstreamClient client(Settings settings, UpstreamGate through) throws Exception {
    SharedUpstream upstream =
        SharedUpstream.of(settings.build(), through, InstantSource.system(), System::nanoTime);
    return onLoop(
        () ->
            new UpstreamClient(
                vertx,
                upstream,
                TOKEN_COUNT,
                new Backoff(1, 1, new SplittableRandom(1)),
                System::nanoTime));
  }

  CallLog ask(UpstreamClient client, ForwardedCall call) throws Exception {
    return ask(client, call, new Attempts(), new CallLog());
  }

  CallLog ask(UpstreamClient client, ForwardedCall call, Attempts attempts, CallLog log)
      throws Exception {
    log.call =
        onLoop(() -> client.call(call, Settings.MODEL, 1_000, Long.MAX_VALUE, attempts, log));
    return log;
  }

  <T> T onLoop(Supplier<T> action) throws Exception {
    var result = new CompletableFuture<T>();
    context.runOnContext(
        ignored -> {
          try {
            result.complete(action.get());
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result.get(10, TimeUnit.SECONDS);
  }

  void runOnLoop(Runnable action) throws Exception {
    onLoop(
        () -> {
          action.run();
          return true;
        });
  }

  <T> T await(Supplier<Future<T>> action) throws Exception {
    return onLoop(action).await(10, TimeUnit.SECONDS);
  }

  /** Waits until every permit was used once in these ways, in the order of their grant. */
  void awaitOutcomes(String... outcomes) throws Exception {
    Eventually.await(
        () -> gate.outcomes().size() >= outcomes.length && !gate.outcomes().contains(null));
    if (!gate.outcomes().equals(List.of(outcomes))) {
      throw new AssertionError("permits were used: " + gate.outcomes());
    }
  }

  @Override
  public void close() throws TimeoutException {
    vertx.close().await(10, TimeUnit.SECONDS);
  }
}
