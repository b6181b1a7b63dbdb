package io.fullbore.limits;

import io.vertx.redis.client.Response;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the fields of a day's hash: see {@link LedgerScripts}. */
final class SpendFields {
  private static final int PARTS = 4;

  private final List<SpendRow> rows = new ArrayList<>();
  private final List<SpendTotal> totals = new ArrayList<>();

  private record Line(String keyId, String user, String model) {}

  /**
   * @param answer fields and values in turns
   */
  void read(LocalDate day, Response answer) {
    var lines = new HashMap<Line, Map<String, Long>>();
    for (int i = 0; i + 1 < answer.size(); i += 2) {
      String[] parts = answer.get(i).toString().split(" ", PARTS);
      long count = answer.get(i + 1).toLong();
      if (parts.length == PARTS) {
        lines
            .computeIfAbsent(new Line(parts[1], parts[2], parts[3]), ignored -> new HashMap<>())
            .put(parts[0], count);
      } else if (!parts[1].isEmpty()) {
        totals.add(new SpendTotal(day, parts[1], user(parts[2]), count));
      }
    }
    lines.forEach(
        (line, counts) ->
            rows.add(
                new SpendRow(
                    day,
                    line.keyId(),
                    user(line.user()),
                    line.model(),
                    counts.getOrDefault("r", 0L),
                    counts.getOrDefault("p", 0L),
                    counts.getOrDefault("a", 0L),
                    counts.getOrDefault("c", 0L))));
  }

  UsageReport report() {
    return new UsageReport(rows, totals);
  }

  private static @Nullable String user(String user) {
    return user.isEmpty() ? null : user;
  }
}
