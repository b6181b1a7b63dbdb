package io.fullbore.stub;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The requests that the stub has seen, of which the latest are kept. Safe for all threads. */
final class StubLog {
  private static final int KEPT = 4_096;

  private final ArrayDeque<StubRequest> latest = new ArrayDeque<>();
  private final Map<Integer, Integer> statuses = new TreeMap<>();
  private int requestCount;
  private int concurrent;
  private int peakConcurrent;
  private int closedEarlyCount;

  /** Returns how many run now, with this one. */
  synchronized int begin(StubRequest request) {
    if (latest.size() == KEPT) {
      latest.removeFirst();
    }
    latest.addLast(request);
    requestCount++;
    concurrent++;
    peakConcurrent = Math.max(peakConcurrent, concurrent);
    return concurrent;
  }

  synchronized void status(int status) {
    statuses.merge(status, 1, Integer::sum);
  }

  synchronized void end(StubRequest request, StubRequest.End how, long nowNanos) {
    if (request.end(how, nowNanos)) {
      concurrent--;
      if (how == StubRequest.End.CLOSED_BY_CALLER) {
        closedEarlyCount++;
      }
    }
  }

  synchronized List<StubRequest> requests() {
    return List.copyOf(latest);
  }

  synchronized StubCounts counts() {
    return new StubCounts(
        requestCount, concurrent, peakConcurrent, closedEarlyCount, new TreeMap<>(statuses));
  }
}
