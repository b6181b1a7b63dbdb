package io.fullbore.config;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte sizes as people write them: {@code 4096}, {@code 16KiB}, {@code 1.5 GiB}, {@code 2GB}.
 *
 * <p>{@code KiB, MiB, GiB, TiB} are powers of 1024, {@code kB, MB, GB, TB} powers of 1000 (IEC
 * 80000-13); upper and lower case mean the same.
 */
final class ByteSize {
  static final long KIB = 1L << 10;
  static final long MIB = 1L << 20;
  static final long GIB = 1L << 30;
  static final long TIB = 1L << 40;

  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,20}(?:\\.\\d{1,20})?) ?(?:([kmgt])(i?))?b?");
  private static final String PREFIXES = "kmgt";

  private ByteSize() {}

  /** The size in bytes; empty when the text is no size, no whole number of bytes or too large. */
  static OptionalLong parse(String text) {
    Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    BigDecimal bytes = new BigDecimal(matcher.group(1));
    if (matcher.group(2) != null) {
      if (!matcher.group().endsWith("b")) {
        return OptionalLong.empty(); // "8M" leaves open which of the two units is meant.
      }
      int power = PREFIXES.indexOf(matcher.group(2)) + 1;
      bytes =
          bytes.multiply(BigDecimal.valueOf(matcher.group(3).isEmpty() ? 1000 : 1024).pow(power));
    }
    try {
      return OptionalLong.of(bytes.longValueExact());
    } catch (ArithmeticException notAWholeLong) {
      return OptionalLong.empty();
    }
  }

  /** The shortest exact form with a unit of 1024, such as {@code 8MiB}; plain digits otherwise. */
  static String format(long bytes) {
    if (bytes == 0 || bytes % KIB != 0) {
      return Long.toString(bytes);
    }
    if (bytes % TIB == 0) {
      return bytes / TIB + "TiB";
    }
    if (bytes % GIB == 0) {
      return bytes / GIB + "GiB";
    }
    return bytes % MIB == 0 ? bytes / MIB + "MiB" : bytes / KIB + "KiB";
  }
}
