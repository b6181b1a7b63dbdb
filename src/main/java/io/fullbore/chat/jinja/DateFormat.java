package io.fullbore.chat.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The C library's {@code strftime} in English, for what {@code strftime_now} is asked for. */
final class DateFormat {
  private DateFormat() {}

  static Text format(Text format, LocalDateTime time, Budget budget) {
    var out = new Text.Builder(budget);
    String chars = format.chars();
    int i = 0;
    while (i < chars.length()) {
      if (chars.charAt(i) != '%' || i + 1 >= chars.length()) {
        out.append(format, i, i + 1);
        i++;
        continue;
      }
      boolean noPadding = chars.charAt(i + 1) == '-' && i + 2 < chars.length();
      char letter = chars.charAt(noPadding ? i + 2 : i + 1);
      String field = field(letter, time);
      out.append(noPadding ? field.replaceFirst("^0+(?=\\d)", "") : field);
      i += noPadding ? 3 : 2;
    }
    return out.build();
  }

  private static String field(char letter, LocalDateTime time) {
    String pattern =
        switch (letter) {
          case '%' -> "'%'";
          case 'a' -> "EEE";
          case 'A' -> "EEEE";
          case 'b', 'h' -> "MMM";
          case 'B' -> "MMMM";
          case 'd' -> "dd";
          case 'm' -> "MM";
          case 'y' -> "yy";
          case 'Y' -> "yyyy";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'j' -> "DDD";
          case 'f' -> "SSSSSS";
          case 'F' -> "yyyy-MM-dd";
          case 'T', 'X' -> "HH:mm:ss";
          case 'R' -> "HH:mm";
          case 'D', 'x' -> "MM/dd/yy";
          case 'e' -> "ppd";
          case 'c' -> "EEE MMM ppd HH:mm:ss yyyy";
          case 'z', 'Z' -> "";
          case 'n' -> "'\n'";
          case 't' -> "'\t'";
          default ->
              throw JinjaException.failed("strftime_now: %%%s is not supported".formatted(letter));
        };
    return pattern.isEmpty() ? "" : DateTimeFormatter.ofPattern(pattern, Locale.US).format(time);
  }
}
