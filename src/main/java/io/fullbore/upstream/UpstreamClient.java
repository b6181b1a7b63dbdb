package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.fullbore.config.UpstreamConfig.UpstreamModel;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The way to one upstream for one API instance: its pooled connections, and the calls on them.
 * Confined to the event loop it was made on.
 */
public final class UpstreamClient {
  private static final int MAX_HEADER_BYTES = 64 << 10;
  private static final int MAX_CHUNK_BYTES = 64 << 10;

  /** Less than most servers and proxies wait before they close an idle connection. */
  private static final int KEEP_ALIVE_SECONDS = 30;

  private final UpstreamLine line;

  /**
   * Must be made on the event loop.
   *
   * @param backoff how long repetitions wait
   * @param nanoClock monotonic
   */
  UpstreamClient(
      Vertx vertx,
      SharedUpstream upstream,
      TokenCount tokenCount,
      Backoff backoff,
      LongSupplier nanoClock) {
    HttpClient http = http(vertx, upstream.settings());
    this.line = new UpstreamLine(vertx, http, upstream, tokenCount, backoff, nanoClock);
  }

  /** The gate bounds the requests of all event loops, so that hardly any waits for the pool. */
  private static HttpClient http(Vertx vertx, UpstreamConfig.Upstream settings) {
    var options =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_1_1)
            .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
            .setConnectTimeout((int) settings.connectTimeoutMs())
            .setSslHandshakeTimeout(settings.connectTimeoutMs())
            .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
            .setVerifyHost(true)
            .setTrustAll(false)
            .setDecompressionSupported(true)
            .setMaxHeaderSize(MAX_HEADER_BYTES)
            .setMaxChunkSize(MAX_CHUNK_BYTES)
            .setTcpKeepAlive(true);
    var pool =
        new PoolOptions()
            .setHttp1MaxSize(settings.maxConcurrent())
            .setMaxWaitQueueSize(settings.maxConcurrent());
    return vertx.createHttpClient(options, pool);
  }

  /**
   * Forwards a request. It is repeated where that may help, but never after its first piece.
   *
   * @param model the one to be asked, as the upstream calls it
   * @param tokens the most that prompt and answer may have together
   * @param withinMs the time left for the answer; a request that would wait too long is not sent
   * @param attempts of this request so far, at whatever upstream
   * @param sink told on this event loop, and not before this method has returned
   */
  public UpstreamCall call(
      ForwardedCall call,
      UpstreamModel model,
      long tokens,
      long withinMs,
      Attempts attempts,
      UpstreamSink sink) {
    var forwarding = new Forwarding(line, call, model, tokens, withinMs, attempts, sink);
    Context context = line.vertx().getOrCreateContext();
    context.runOnContext(ignored -> forwarding.start());
    return forwarding;
  }

  /** Closes its connections; calls under way fail. */
  public Future<Void> close() {
    return line.http().close();
  }
}
