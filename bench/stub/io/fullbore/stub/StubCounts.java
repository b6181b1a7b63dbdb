package io.fullbore.stub;

import io.vertx.core.json.JsonObject;
import java.util.Map;

/**
 * What the stub has counted since it started.
 *
 * @param concurrent requests that are being answered now
 * @param closedEarly requests whose caller went away before the answer was complete
 * @param statuses how often each was sent
 */
public record StubCounts(
    int requests,
    int concurrent,
    int peakConcurrent,
    int closedEarly,
    Map<Integer, Integer> statuses) {
  public StubCounts {
    statuses = Map.copyOf(statuses);
  }

  String json() {
    var byText = new JsonObject();
    statuses.forEach((status, count) -> byText.put(status.toString(), count));
    return new JsonObject()
        .put("requests", requests)
        .put("concurrent", concurrent)
        .put("peakConcurrent", peakConcurrent)
        .put("closedEarly", closedEarly)
        .put("statuses", byText)
        .encode();
  }
}
