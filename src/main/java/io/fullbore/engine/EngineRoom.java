package io.fullbore.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a batch verticle knows of its engine's room: the last status, less the batches sent since
 * that the status does not cover yet. Owned by the batch verticle's event loop.
 */
final class EngineRoom {
  private static final double NEW_SAMPLE_WEIGHT = 0.2;

  private record Sent(long number, int requests, int blocks) {}

  private final String replica;
  private final int blockTokens;
  private final Deque<Sent> uncovered = new ArrayDeque<>();
  private @Nullable EngineStatus status;
  private long batchesSent;
  private long lastEndNanos;
  private double endIntervalMs;

  /**
   * @param replica names the engine on the bus
   */
  EngineRoom(String replica, int blockTokens) {
    this.replica = replica;
    this.blockTokens = blockTokens;
  }

  String replica() {
    return replica;
  }

  /** Whether the engine can compute, as far as is known. */
  boolean isUp() {
    return status == null || status.fault() == null;
  }

  /** Requests that the engine has or is about to get. */
  int load() {
    return uncoveredRequests() + (status == null ? 0 : status.running() + status.waiting());
  }

  /** Takes in the newest status; the engine's own clock does not matter. */
  void update(EngineStatus newStatus, long nowNanos) {
    measureEnds(newStatus, nowNanos);
    status = newStatus;
    while (!uncovered.isEmpty() && uncovered.peek().number <= newStatus.batchesReceived()) {
      uncovered.remove();
    }
  }

  /** An idle engine ends nothing, which says nothing of its pace. */
  private void measureEnds(EngineStatus newStatus, long nowNanos) {
    long ended = status == null ? 0 : newStatus.endedCount() - status.endedCount();
    boolean wasIdle = status == null || status.running() == 0;
    if (ended > 0 && !wasIdle) {
      double sample = (nowNanos - lastEndNanos) / 1e6 / ended;
      endIntervalMs += (endIntervalMs == 0 ? 1 : NEW_SAMPLE_WEIGHT) * (sample - endIntervalMs);
    }
    if (ended > 0 || wasIdle) {
      lastEndNanos = nowNanos;
    }
  }

  /**
   * About how long requests would wait behind others: until the step under way is over, and, where
   * slots or blocks are short, until so many running ones have ended as stand in their way. 0 while
   * nothing is known of the engine.
   */
  long waitMs(List<GenerationRequest> ahead, List<GenerationRequest> requests) {
    if (status == null) {
      return 0;
    }
    List<GenerationRequest> all = new ArrayList<>(ahead);
    all.addAll(requests);
    int inTheWay = status.waiting() + all.size() - fittingNow(all);
    double stepMs = status.running() == 0 ? 0 : status.stepMicros() / 1e3;
    return Math.round(stepMs + inTheWay * endIntervalMs);
  }

  /**
   * About how long a sequence runs: by Little's law, so many at once times the pace of their ends.
   */
  double answerMs() {
    return status == null ? 0 : status.running() * endIntervalMs;
  }

  void sent(List<GenerationRequest> batch) {
    int blocks = batch.stream().mapToInt(this::blocksFor).sum();
    uncovered.add(new Sent(++batchesSent, batch.size(), blocks));
  }

  /** How many of the requests, from the first on, the engine can start at once. */
  int fittingNow(List<GenerationRequest> requests) {
    if (status == null || status.waiting() > 0) {
      return 0;
    }
    int slots = status.maxRunning() - status.running() - uncoveredRequests();
    int blocks = status.freeBlocks() - uncovered.stream().mapToInt(Sent::blocks).sum();
    int fitting = 0;
    while (fitting < Math.min(slots, requests.size())) {
      blocks -= blocksFor(requests.get(fitting));
      if (blocks < 0) {
        break;
      }
      fitting++;
    }
    return fitting;
  }

  /** Requests that the engine has, or is about to get, beyond those that run. */
  int aheadOfRoom() {
    return status == null ? Integer.MAX_VALUE : status.waiting() + uncoveredRequests();
  }

  private int uncoveredRequests() {
    return uncovered.stream().mapToInt(Sent::requests).sum();
  }

  /** Blocks of the prompt and of the first answer token. */
  private int blocksFor(GenerationRequest request) {
    return request.prompt().length / blockTokens + 1;
  }
}
