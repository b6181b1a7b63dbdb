package io.fullbore.http;

import io.fullbore.engine.BusAddresses;
import io.fullbore.engine.EngineStatus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What the engines say of themselves, kept for the health endpoints. One per process, made before
 * the engines are deployed, since an idle engine reports only once. Safe for use by all threads.
 */
public final class EngineHealth {
  /** An engine that has work and makes no step for this long counts as stalled. */
  static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** The latest status, and when the engine last made a step or had nothing to do. */
  private record Seen(EngineStatus status, long progressNanos) {
    boolean busy() {
      return status.running() + status.waiting() > 0;
    }
  }

  private final Set<String> versions;
  private final LongSupplier nanoClock;
  private final Map<String, Seen> seen = new ConcurrentHashMap<>();

  /**
   * @param versions the model versions that must report before the server is ready
   * @param nanoClock a monotonic clock, such as {@link System#nanoTime}
   */
  public EngineHealth(Collection<String> versions, LongSupplier nanoClock) {
    this.versions = Set.copyOf(versions);
    this.nanoClock = nanoClock;
  }

  /** Listens from now on. */
  public Future<Void> start(Vertx vertx) {
    return vertx
        .eventBus()
        .<EngineStatus>consumer(BusAddresses.ENGINE_STATUS, message -> update(message.body()))
        .completion();
  }

  void update(EngineStatus status) {
    long now = nanoClock.getAsLong();
    seen.compute(
        status.version(),
        (version, before) -> {
          boolean waitsSince =
              before != null && before.busy() && before.status().stepCount() == status.stepCount();
          return new Seen(status, waitsSince ? before.progressNanos() : now);
        });
  }

  /** Versions whose engine has a fault, or has work and does not get on with it. */
  List<String> stalled() {
    long now = nanoClock.getAsLong();
    return seen.values().stream()
        .filter(
            engine ->
                engine.status().fault() != null
                    || engine.busy() && now - engine.progressNanos() >= STALL_NANOS)
        .map(engine -> engine.status().version())
        .sorted()
        .toList();
  }

  /** Versions whose engine has not reported yet, or that it has a fault. */
  List<String> missing() {
    return versions.stream().filter(version -> !isUp(version)).sorted().toList();
  }

  private boolean isUp(String version) {
    Seen engine = seen.get(version);
    return engine != null && engine.status().fault() == null;
  }

  /** The latest status of every engine, by version. */
  Map<String, EngineStatus> statuses() {
    Map<String, EngineStatus> statuses = new TreeMap<>();
    seen.forEach((version, engine) -> statuses.put(version, engine.status()));
    return statuses;
  }
}
