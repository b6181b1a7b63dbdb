package io.fullbore.engine;

import io.fullbore.core.RequestId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Requests in order of arrival, bounded in number and in prompt tokens. Time is passed in. Owned by
 * the batch verticle's event loop.
 */
final class WaitingQueue {
  private static final long MIN_RETRY_MS = 1_000;
  private static final long MAX_RETRY_MS = 60_000;
  private static final double NEW_SAMPLE_WEIGHT = 0.2;

  private record Waiting(GenerationRequest request, long arrivalNanos) {}

  private final BatchSettings settings;
  private final Map<RequestId, Waiting> waiting = new LinkedHashMap<>();
  private long promptTokens;
  private double averageWaitMs;

  WaitingQueue(BatchSettings settings) {
    this.settings = settings;
  }

  /**
   * Takes all requests in, or none when they do not fit beside what waits. An empty queue takes
   * whatever comes together, so that nothing is told to come again that could never be taken.
   */
  boolean offer(List<GenerationRequest> requests, long nowNanos) {
    long tokens = requests.stream().mapToLong(request -> request.prompt().length).sum();
    boolean fits =
        waiting.size() + requests.size() <= settings.maxQueuedRequests()
            && promptTokens + tokens <= settings.maxQueuedTokens();
    if (!fits && !waiting.isEmpty()) {
      return false;
    }
    for (GenerationRequest request : requests) {
      waiting.put(request.id(), new Waiting(request, nowNanos));
    }
    promptTokens += tokens;
    return true;
  }

  @Nullable GenerationRequest remove(RequestId id) {
    Waiting removed = waiting.remove(id);
    if (removed == null) {
      return null;
    }
    promptTokens -= removed.request.prompt().length;
    return removed.request;
  }

  /** Removes and returns the {@code count} oldest requests. */
  List<GenerationRequest> take(int count, long nowNanos) {
    List<GenerationRequest> taken = first(count);
    for (GenerationRequest request : taken) {
      double waitMs = (nowNanos - waiting.get(request.id()).arrivalNanos) / 1e6;
      averageWaitMs += NEW_SAMPLE_WEIGHT * (waitMs - averageWaitMs);
      remove(request.id());
    }
    return taken;
  }

  /** The {@code count} oldest requests, or fewer. */
  List<GenerationRequest> first(int count) {
    List<GenerationRequest> first = new ArrayList<>();
    for (Waiting entry : waiting.values()) {
      if (first.size() == count) {
        break;
      }
      first.add(entry.request);
    }
    return first;
  }

  /** All of it. */
  List<GenerationRequest> all() {
    return first(waiting.size());
  }

  /** Whether not even one more token would fit. */
  boolean isFull() {
    return waiting.size() >= settings.maxQueuedRequests()
        || promptTokens >= settings.maxQueuedTokens();
  }

  int size() {
    return waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** How long the oldest request has waited; 0 when none waits. */
  long oldestWaitMs(long nowNanos) {
    return waiting.isEmpty()
        ? 0
        : (nowNanos - waiting.values().iterator().next().arrivalNanos) / 1_000_000;
  }

  /** When a refused caller may try again: about the time that requests wait at present. */
  long retryAfterMs() {
    return Math.clamp((long) averageWaitMs, MIN_RETRY_MS, MAX_RETRY_MS);
  }
}
