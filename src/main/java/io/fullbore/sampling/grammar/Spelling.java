package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.List;

/** How characters of a matched text are written in the answer. */
enum Spelling {
  /** As they are. */
  PLAIN {
    @Override
    Expr of(CodePoints points) {
      return Expr.utf8(points);
    }
  },
  /** As in a JSON string: quotes, backslashes and control characters escaped, nothing else. */
  JSON {
    @Override
    Expr of(CodePoints points) {
      List<Expr> alternatives = new ArrayList<>();
      CodePoints raw = points.minus(JSON_ESCAPED);
      if (!raw.isEmpty()) {
        alternatives.add(Expr.utf8(raw));
      }
      for (CodePoints.Range range : points.and(JSON_ESCAPED).ranges()) {
        for (int point = range.from(); point <= range.to(); point++) {
          alternatives.add(Expr.literal(escape(point)));
        }
      }
      return Expr.choice(alternatives);
    }
  };

  /** What cannot stand in a JSON string as it is. */
  static final CodePoints JSON_ESCAPED = CodePoints.range(0, 0x1f).plus(CodePoints.ofAll("\"\\"));

  private static final String SHORT = "\b\f\n\r\t\"\\";
  private static final String SHORT_NAMES = "bfnrt\"\\";

  /** Any of these characters. */
  abstract Expr of(CodePoints points);

  private static String escape(int point) {
    int at = SHORT.indexOf(point);
    return at >= 0 ? "\\" + SHORT_NAMES.charAt(at) : "\\u%04x".formatted(point);
  }
}
