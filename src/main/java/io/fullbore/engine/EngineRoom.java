package io.fullbore.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a batch verticle knows of its engine's room: the last status, less the batches sent since
 * that the status does not cover yet. Owned by the batch verticle's event loop.
 */
final class EngineRoom {
  private record Sent(long number, int requests, int blocks) {}

  private final int blockTokens;
  private final Deque<Sent> uncovered = new ArrayDeque<>();
  private @Nullable EngineStatus status;
  private long batchesSent;

  EngineRoom(int blockTokens) {
    this.blockTokens = blockTokens;
  }

  void update(EngineStatus newStatus) {
    status = newStatus;
    while (!uncovered.isEmpty() && uncovered.peek().number <= newStatus.batchesReceived()) {
      uncovered.remove();
    }
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
