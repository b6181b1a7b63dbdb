package io.fullbore.limits;

import io.vertx.redis.client.Response;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of the days' hashes: see {@link LedgerScripts}. A field may be read again, as
 * scans do; its last value counts.
 */
final class SpendFields {
  private static final int PARTS = 4;

  private final Map<Line, Map<String, Long>> lines = new HashMap<>();
  private final Map<Payer, Long> totals = new HashMap<>();

  private record Line(LocalDate day, String keyId, String user, String model) {}

  private record Payer(LocalDate day, String keyId, String user) {}

  /**
   * @param page fields and values in turns
   */
  void read(LocalDate day, Response page) {
    for (int i = 0; i + 1 < page.size(); i += 2) {
      String[] parts = page.get(i).toString().split(" ", PARTS);
      long count = page.get(i + 1).toLong();
      if (parts.length == PARTS) {
        lines
            .computeIfAbsent(
                new Line(day, parts[1], parts[2], parts[3]), ignored -> new HashMap<>())
            .put(parts[0], count);
      } else if (!parts[1].isEmpty()) {
        totals.put(new Payer(day, parts[1], parts[2]), count);
      }
    }
  }

  UsageReport report() {
    List<SpendRow> rows = new ArrayList<>(lines.size());
    lines.forEach(
        (line, counts) ->
            rows.add(
                new SpendRow(
                    line.day(),
                    line.keyId(),
                    user(line.user()),
                    line.model(),
                    counts.getOrDefault("r", 0L),
                    counts.getOrDefault("p", 0L),
                    counts.getOrDefault("a", 0L),
                    counts.getOrDefault("c", 0L))));
    List<SpendTotal> shown = new ArrayList<>(totals.size());
    totals.forEach(
        (payer, micros) ->
            shown.add(new SpendTotal(payer.day(), payer.keyId(), user(payer.user()), micros)));
    return new UsageReport(rows, shown);
  }

  private static @Nullable String user(String user) {
    return user.isEmpty() ? null : user;
  }
}
