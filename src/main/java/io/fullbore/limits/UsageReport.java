package io.fullbore.limits;

import java.util.Comparator;
import java.util.List;

/** What was used, for {@code /admin/usage}: by day, key, user and, in the rows, model. */
public record UsageReport(List<SpendRow> rows, List<SpendTotal> totals) {
  private static final Comparator<String> NULL_FIRST =
      Comparator.nullsFirst(Comparator.naturalOrder());

  public UsageReport {
    rows =
        rows.stream()
            .sorted(
                Comparator.comparing(SpendRow::day)
                    .thenComparing(SpendRow::keyId)
                    .thenComparing(SpendRow::user, NULL_FIRST)
                    .thenComparing(SpendRow::model))
            .toList();
    totals =
        totals.stream()
            .sorted(
                Comparator.comparing(SpendTotal::day)
                    .thenComparing(SpendTotal::keyId)
                    .thenComparing(SpendTotal::user, NULL_FIRST))
            .toList();
  }
}
