package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Tuple;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code x[i]} and {@code x[start:stop:step]} on texts and lists. */
final class Slicing {
  private Slicing() {}

  /** The element, counted from the end where {@code index} is negative; null if there is none. */
  static @Nullable Object element(Object sequence, long index, Budget budget) {
    if (sequence instanceof Text text) {
      budget.scan(text.length());
      int count = text.chars().codePointCount(0, text.length());
      long at = index < 0 ? index + count : index;
      if (at < 0 || at >= count) {
        return null;
      }
      int from = text.chars().offsetByCodePoints(0, (int) at);
      return text.substring(from, text.chars().offsetByCodePoints(from, 1));
    }
    List<?> list = (List<?>) sequence;
    long at = index < 0 ? index + list.size() : index;
    return at < 0 || at >= list.size() ? null : list.get((int) at);
  }

  /** A slice; absent bounds are null or None. */
  static Object slice(
      Object sequence,
      @Nullable Object start,
      @Nullable Object stop,
      @Nullable Object step,
      Budget budget) {
    long stride = isAbsent(step) ? 1 : Operators.toLong(step);
    if (stride == 0) {
      throw JinjaException.failed("slice step cannot be zero");
    }
    int length =
        sequence instanceof Text text
            ? text.chars().codePointCount(0, text.length())
            : ((List<?>) sequence).size();
    long first = bound(start, stride > 0 ? 0 : length - 1, length, stride);
    long end = bound(stop, stride > 0 ? length : -1, length, stride);
    return sequence instanceof Text text
        ? characters(text, first, end, stride, length, budget)
        : elements((List<?>) sequence, first, end, stride, budget);
  }

  private static boolean isAbsent(@Nullable Object bound) {
    return bound == null || bound instanceof None;
  }

  private static long bound(@Nullable Object given, long absent, int length, long stride) {
    if (isAbsent(given)) {
      return absent;
    }
    long value = Operators.toLong(given);
    long counted = value < 0 ? value + length : value;
    return stride > 0 ? Math.clamp(counted, 0, length) : Math.clamp(counted, -1, (long) length - 1);
  }

  private static Text characters(
      Text text, long first, long end, long stride, int length, Budget budget) {
    budget.scan(text.length());
    boolean simple = length == text.length();
    if (stride == 1) {
      if (first >= end) {
        return Text.EMPTY;
      }
      budget.text(end - first);
      int from = simple ? (int) first : text.chars().offsetByCodePoints(0, (int) first);
      int to = simple ? (int) end : text.chars().offsetByCodePoints(from, (int) (end - first));
      return text.substring(from, to);
    }
    int[] offsets = new int[length + 1];
    budget.elements(length);
    for (int i = 1; i <= length; i++) {
      offsets[i] = text.chars().offsetByCodePoints(offsets[i - 1], 1);
    }
    var out = new Text.Builder(budget);
    for (long i = first; stride > 0 ? i < end : i > end; i += stride) {
      out.append(text, offsets[(int) i], offsets[(int) i + 1]);
    }
    return out.build();
  }

  private static List<Object> elements(
      List<?> list, long first, long end, long stride, Budget budget) {
    List<Object> taken = new ArrayList<>();
    budget.elements(Math.max(0, (end - first) / stride) + 1);
    for (long i = first; stride > 0 ? i < end : i > end; i += stride) {
      taken.add(list.get((int) i));
    }
    return list instanceof Tuple ? new Tuple(taken) : taken;
  }
}
