package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules that all JSON grammars share, added to a set of rules as they are needed.
 *
 * <p>Between tokens there may be nothing, one blank, or one line break with up to {@value
 * #MAX_INDENT} blanks: compact and indented texts fit, and a model cannot go on with blanks for
 * ever. For the same reason numbers have at most {@value #MAX_DIGITS} digits before the point, as
 * many after it, and two in the exponent; readers that take them for doubles lose nothing.
 */
final class JsonRules {
  static final int MAX_DIGITS = 15;
  private static final int MAX_INDENT = 20;

  /** Long runs of characters are rules of so many, which all strings of a grammar share. */
  private static final int RUN = 64;

  /** A character of a string that stands there as it is. */
  static final CodePoints RAW = Spelling.JSON_ESCAPED.inverted();

  private final RuleSet rules;
  private final Map<String, Expr> shared = new HashMap<>();

  JsonRules(RuleSet rules) {
    this.rules = rules;
  }

  private interface Maker {
    Expr make();
  }

  private Expr shared(String name, Maker maker) {
    Expr known = shared.get(name);
    if (known == null) {
      int rule = rules.declare(name);
      known = new Expr.Call(rule);
      shared.put(name, known);
      rules.define(rule, maker.make());
    }
    return known;
  }

  Expr blanks() {
    return shared(
        "blanks",
        () ->
            Expr.choice(
                Expr.EMPTY,
                Expr.literal(" "),
                Expr.sequence(Expr.literal("\n"), new Expr.Repeat(anyOf(" \t"), 0, MAX_INDENT))));
  }

  private static Expr anyOf(String characters) {
    return Expr.utf8(CodePoints.ofAll(characters));
  }

  static Expr digit(int from, int to) {
    return new Expr.Bytes(ByteSet.range('0' + from, '0' + to));
  }

  /** One character, written in whatever way; a pair of escaped surrogates is one. */
  static Expr character() {
    Expr hex = anyOf("0123456789abcdefABCDEF");
    Expr twoHex = Expr.sequence(hex, hex);
    return Expr.choice(
        Expr.utf8(RAW),
        Expr.sequence(Expr.literal("\\"), anyOf("\"\\/bfnrt")),
        Expr.sequence(
            Expr.literal("\\u"),
            Expr.choice(
                Expr.sequence(anyOf("0123456789abcefABCEF"), hex, twoHex),
                Expr.sequence(anyOf("dD"), anyOf("01234567"), twoHex),
                Expr.sequence(
                    anyOf("dD"),
                    anyOf("89abAB"),
                    twoHex,
                    Expr.literal("\\u"),
                    anyOf("dD"),
                    anyOf("cdefCDEF"),
                    twoHex))));
  }

  Expr string() {
    return shared(
        "string",
        () -> Expr.sequence(Expr.literal("\""), Expr.any(character()), Expr.literal("\"")));
  }

  /** A string of {@code [min, max]} characters. */
  Expr string(int min, int max) {
    List<Expr> parts = new ArrayList<>();
    parts.add(Expr.literal("\""));
    for (int i = 0; i < min / RUN; i++) {
      parts.add(run());
    }
    parts.add(new Expr.Repeat(character(), min % RUN, min % RUN));
    parts.add(
        max == Expr.UNBOUNDED
            ? Expr.sequence(Expr.any(character()), Expr.literal("\""))
            : upTo(max - min));
    return new Expr.Sequence(parts);
  }

  private Expr run() {
    return shared("characters", () -> new Expr.Repeat(character(), RUN, RUN));
  }

  /** Up to so many characters and the closing quote. */
  private Expr upTo(int count) {
    int rest = count % RUN;
    Expr tail = upToLessThanRun(rest);
    for (int left = rest + RUN; left <= count; left += RUN) {
      tail =
          rules.add(
              "characters", Expr.choice(upToLessThanRun(RUN - 1), Expr.sequence(run(), tail)));
    }
    return tail;
  }

  private Expr upToLessThanRun(int count) {
    return shared(
        "characters up to " + count,
        () -> Expr.sequence(new Expr.Repeat(character(), 0, count), Expr.literal("\"")));
  }

  Expr integer() {
    return shared("integer", () -> Expr.sequence(Expr.optional(Expr.literal("-")), natural()));
  }

  private static Expr natural() {
    return Expr.choice(
        Expr.literal("0"),
        Expr.sequence(digit(1, 9), new Expr.Repeat(digit(0, 9), 0, MAX_DIGITS - 1)));
  }

  Expr number() {
    return shared(
        "number",
        () ->
            Expr.sequence(
                integer(),
                Expr.optional(
                    Expr.sequence(Expr.literal("."), new Expr.Repeat(digit(0, 9), 1, MAX_DIGITS))),
                Expr.optional(
                    Expr.sequence(
                        anyOf("eE"),
                        Expr.optional(anyOf("+-")),
                        new Expr.Repeat(digit(0, 9), 1, 2)))));
  }

  static Expr bool() {
    return Expr.choice(Expr.literal("true"), Expr.literal("false"));
  }

  Expr value() {
    return shared(
        "value",
        () ->
            Expr.choice(
                object(),
                array(value(), 0, Expr.UNBOUNDED),
                string(),
                number(),
                bool(),
                Expr.literal("null")));
  }

  Expr object() {
    return shared("object", () -> object(List.of(), member(string(), value())));
  }

  Expr member(Expr key, Expr value) {
    return Expr.sequence(key, Expr.literal(":"), blanks(), value);
  }

  /** A member of an object that has a place in its order. */
  record Member(Expr member, boolean required) {}

  /**
   * An object with these members in this order.
   *
   * @param further what may follow them any number of times; null for nothing
   */
  Expr object(List<Member> members, @Nullable Expr further) {
    Expr first = Expr.sequence(closing(further, true));
    Expr later = closing(further, false);
    for (Member member : members.reversed()) {
      Expr here = member.member();
      Expr next = later;
      Expr skipFirst = first;
      Expr take = rules.add("member", Expr.sequence(here, next));
      Expr takeFirst = Expr.sequence(blanks(), take);
      Expr takeLater = Expr.sequence(Expr.literal(","), blanks(), take);
      first = member.required() ? takeFirst : Expr.choice(takeFirst, skipFirst);
      later = member.required() ? takeLater : Expr.choice(takeLater, next);
      first = rules.add("first member", first);
      later = rules.add("next member", later);
    }
    return Expr.sequence(Expr.literal("{"), first);
  }

  private Expr closing(@Nullable Expr further, boolean first) {
    Expr end = rules.add("object's end", Expr.sequence(blanks(), Expr.literal("}")));
    if (further == null) {
      return end;
    }
    Expr list = list(further, end);
    return first
        ? Expr.choice(end, Expr.sequence(blanks(), list))
        : Expr.choice(end, Expr.sequence(Expr.literal(","), blanks(), list));
  }

  /** Parts with commas between them, one at least, and the end. Every part is in the same place. */
  private Expr list(Expr part, Expr end) {
    int rule = rules.declare("list");
    Expr list = new Expr.Call(rule);
    rules.define(
        rule,
        Expr.sequence(part, Expr.choice(end, Expr.sequence(Expr.literal(","), blanks(), list))));
    return list;
  }

  /** An array of {@code [min, max]} such items. */
  Expr array(Expr item, int min, int max) {
    return array(List.of(), item, min, max);
  }

  /**
   * An array.
   *
   * @param first its first items; fewer may be there
   * @param further all other items; null for none
   */
  Expr array(List<Expr> first, @Nullable Expr further, int min, int max) {
    int most = further == null ? Math.min(max, first.size()) : max;
    if (most < min) {
      return Expr.NEVER;
    }
    Expr end = Expr.sequence(blanks(), Expr.literal("]"));
    boolean endless = most == Expr.UNBOUNDED && further != null;
    int counted = endless ? Math.max(min - 1, first.size()) : most;
    Expr items = endless ? list(further, end) : Expr.NEVER; // from the item number counted on
    for (int i = counted - 1; i >= 0; i--) {
      Expr item = i < first.size() || further == null ? first.get(i) : further;
      Expr more = Expr.sequence(Expr.literal(","), blanks(), items);
      Expr after = i + 1 >= min ? Expr.choice(end, more) : more;
      items = rules.add("items", Expr.sequence(item, after));
    }
    Expr some = Expr.sequence(blanks(), items);
    return Expr.sequence(Expr.literal("["), min == 0 ? Expr.choice(end, some) : some);
  }
}
