package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A set of Unicode scalar values, as the UTF-8 of a text can hold them: no surrogates.
 *
 * @param ranges ascending, apart from each other
 */
record CodePoints(List<Range> ranges) {
  private static final int MAX = Character.MAX_CODE_POINT;

  static final CodePoints NONE = new CodePoints(List.of());
  static final CodePoints ALL = range(0, MAX);

  /** The code points {@code [from, to]}. */
  record Range(int from, int to) {}

  static CodePoints of(int codePoint) {
    return range(codePoint, codePoint);
  }

  static CodePoints ofAll(String characters) {
    CodePoints all = NONE;
    for (int codePoint : characters.codePoints().toArray()) {
      all = all.plus(of(codePoint));
    }
    return all;
  }

  static CodePoints range(int from, int to) {
    return normalized(List.of(new Range(from, to)));
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  boolean contains(int codePoint) {
    return ranges.stream().anyMatch(range -> range.from <= codePoint && codePoint <= range.to);
  }

  CodePoints plus(CodePoints other) {
    List<Range> all = new ArrayList<>(ranges);
    all.addAll(other.ranges);
    return normalized(all);
  }

  CodePoints inverted() {
    List<Range> gaps = new ArrayList<>();
    int from = 0;
    for (Range range : ranges) {
      gaps.add(new Range(from, range.from - 1));
      from = range.to + 1;
    }
    gaps.add(new Range(from, MAX));
    return normalized(gaps);
  }

  CodePoints minus(CodePoints other) {
    return inverted().plus(other).inverted();
  }

  CodePoints and(CodePoints other) {
    return inverted().plus(other.inverted()).inverted();
  }

  private static CodePoints normalized(List<Range> given) {
    List<Range> scalars = new ArrayList<>();
    for (Range range : given) {
      addUnlessEmpty(scalars, range.from, Math.min(range.to, Character.MIN_SURROGATE - 1));
      addUnlessEmpty(scalars, Math.max(range.from, Character.MAX_SURROGATE + 1), range.to);
    }
    scalars.sort(Comparator.comparingInt(Range::from));
    List<Range> merged = new ArrayList<>();
    for (Range range : scalars) {
      Range last = merged.isEmpty() ? null : merged.getLast();
      if (last != null && range.from <= last.to + 1) {
        merged.set(merged.size() - 1, new Range(last.from, Math.max(last.to, range.to)));
      } else {
        merged.add(range);
      }
    }
    return new CodePoints(List.copyOf(merged));
  }

  private static void addUnlessEmpty(List<Range> to, int from, int end) {
    if (from <= end) {
      to.add(new Range(from, end));
    }
  }
}
