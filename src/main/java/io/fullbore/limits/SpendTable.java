package io.fullbore.limits;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was spent in one window: totals that budgets are held against, and lines that are shown.
 * Owned by {@link LocalLedger} and used under its lock.
 *
 * <p>Bounded: users beyond {@link #MAX_ENTRIES} are counted, and limited, together as {@link
 * Owner#OTHERS} of their key.
 */
final class SpendTable {
  static final int MAX_ENTRIES = 10_000;

  private final Map<Owner, Long> totals = new HashMap<>();
  private final Map<LineKey, Line> lines = new HashMap<>();

  private record LineKey(Owner owner, String model) {}

  private static final class Line {
    private long requests;
    private long promptTokens;
    private long answerTokens;
    private long micros;
  }

  long micros(Owner owner) {
    return totals.getOrDefault(known(owner), 0L);
  }

  /** Adds to the totals of everybody, of the key and, where it is one, of the user. */
  void add(Owner owner, long micros) {
    Owner known = known(owner);
    totals.merge(Owner.EVERYBODY, micros, Long::sum);
    totals.merge(owner.key(), micros, Long::sum);
    if (known.isUser()) {
      totals.merge(known, micros, Long::sum);
    }
  }

  /** Adds to the line of the owner and the model. */
  void addLine(
      Owner owner, String model, long requests, long promptTokens, long answerTokens, long micros) {
    var key = new LineKey(owner, model);
    if (owner.isUser() && !lines.containsKey(key) && lines.size() >= MAX_ENTRIES) {
      key = new LineKey(new Owner(owner.keyId(), Owner.OTHERS), model);
    }
    Line line = lines.computeIfAbsent(key, ignored -> new Line());
    line.requests += requests;
    line.promptTokens += promptTokens;
    line.answerTokens += answerTokens;
    line.micros += micros;
  }

  List<SpendRow> rows(LocalDate day) {
    var rows = new ArrayList<SpendRow>(lines.size());
    lines.forEach(
        (key, line) ->
            rows.add(
                new SpendRow(
                    day,
                    key.owner().keyId(),
                    shownUser(key.owner()),
                    key.model(),
                    line.requests,
                    line.promptTokens,
                    line.answerTokens,
                    line.micros)));
    return rows;
  }

  List<SpendTotal> totals(LocalDate day) {
    var shown = new ArrayList<SpendTotal>(totals.size());
    totals.forEach(
        (owner, micros) -> {
          if (!owner.equals(Owner.EVERYBODY)) {
            shown.add(new SpendTotal(day, owner.keyId(), shownUser(owner), micros));
          }
        });
    return shown;
  }

  private Owner known(Owner owner) {
    return !owner.isUser() || totals.containsKey(owner) || totals.size() < MAX_ENTRIES
        ? owner
        : new Owner(owner.keyId(), Owner.OTHERS);
  }

  private static @Nullable String shownUser(Owner owner) {
    return owner.isUser() ? owner.user() : null;
  }
}
