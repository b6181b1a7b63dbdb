package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator.SplittableGenerator;

/**
 * All upstreams of a process: what the event loops share of each, and the clients that they make of
 * it. Thread-safe.
 */
public final class Upstreams {
  private final Map<String, SharedUpstream> upstreams = new LinkedHashMap<>();
  private final TokenCount tokenCount = new TokenCount();
  private final LongSupplier nanoClock;
  private final SplittableGenerator random;

  /**
   * Make it outside of verticles.
   *
   * @param clock what dates of upstreams are compared with
   * @param nanoClock monotonic
   * @param random of all waits; must not be used elsewhere
   */
  public Upstreams(
      Vertx vertx,
      List<UpstreamConfig.Upstream> settings,
      InstantSource clock,
      LongSupplier nanoClock,
      SplittableGenerator random) {
    this.nanoClock = nanoClock;
    this.random = random;
    for (UpstreamConfig.Upstream upstream : settings) {
      var gate = new SharedGate(upstream, vertx, nanoClock, random.split());
      upstreams.put(upstream.name(), SharedUpstream.of(upstream, gate, clock, nanoClock));
    }
  }

  /**
   * Makes an event loop's client; call it there.
   *
   * @param name of a configured upstream
   */
  public UpstreamClient client(Vertx vertx, String name) {
    return new UpstreamClient(vertx, upstream(name), tokenCount, backoff(), nanoClock);
  }

  private synchronized Backoff backoff() {
    return new Backoff(random.split());
  }

  /**
   * How long it is not worth asking an upstream; 0 where a request may be sent now or queued.
   * Cheap: asked for every request.
   */
  public long closedForMs(String name) {
    return upstream(name).gate().closedForMs();
  }

  /** Counts prompts before they are sent. */
  public TokenCount tokenCount() {
    return tokenCount;
  }

  /** Reads the vocabularies of all upstreams' models, so that no request waits for that. */
  public Future<Void> loadVocabularies(Vertx vertx) {
    return vertx
        .executeBlocking(
            () -> {
              upstreams.values().stream()
                  .flatMap(upstream -> upstream.settings().models().stream())
                  .forEach(model -> tokenCount.load(model.name()));
              return null;
            },
            false)
        .mapEmpty();
  }

  private SharedUpstream upstream(String name) {
    SharedUpstream upstream = upstreams.get(name);
    if (upstream == null) {
      throw new IllegalArgumentException("no such upstream: name=%s".formatted(name));
    }
    return upstream;
  }
}
