package io.fullbore.chat.jinja;

import java.time.LocalDateTime;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A parsed template. Immutable, safe for many threads at once; each rendering runs wholly in its
 * caller's thread.
 */
public final class JinjaTemplate {
  /** Longest accepted source; the longest templates in use have some 30,000 characters. */
  public static final int MAX_SOURCE_CHARS = 1_000_000;

  private final List<Stmt> body;

  private JinjaTemplate(List<Stmt> body) {
    this.body = body;
  }

  /**
   * @throws JinjaException of kind {@code SYNTAX}
   */
  public static JinjaTemplate parse(String source) {
    if (source.length() > MAX_SOURCE_CHARS) {
      throw JinjaException.syntax(
          "the template is longer than %d characters".formatted(MAX_SOURCE_CHARS), 1);
    }
    return new JinjaTemplate(StatementParser.parse(source));
  }

  /**
   * What came out.
   *
   * @param callerChars bit i is set where char i of the text came from the caller
   */
  public record Output(String text, BitSet callerChars) {}

  /**
   * Renders with these variables: null, booleans, numbers, strings, lists and string-keyed maps of
   * such. Their strings count as the caller's, unless wrapped by {@link #trusted}.
   *
   * @param now what {@code strftime_now} shows
   * @throws JinjaException of any kind but {@code SYNTAX}
   */
  public Output render(Map<String, ? extends @Nullable Object> variables, LocalDateTime now) {
    var values = new CallerValues();
    Map<String, Object> converted = convert(variables, values);
    return render(converted, now, Limits.forInput(values.chars()), System::nanoTime);
  }

  Output render(
      Map<String, Object> variables, LocalDateTime now, Limits limits, LongSupplier nanoClock) {
    var interpreter = new Interpreter(new Budget(limits, nanoClock));
    var builtins = new Scope(null);
    Globals.define(builtins, interpreter, now);
    var scope = new Scope(builtins);
    variables.forEach(scope::set);
    Text text = interpreter.run(body, scope);
    return new Output(text.chars(), text.callerChars());
  }

  static Map<String, Object> convert(
      Map<String, ? extends @Nullable Object> variables, CallerValues values) {
    Map<String, Object> converted = new HashMap<>();
    variables.forEach((name, value) -> converted.put(name, values.convert(value)));
    return converted;
  }

  /** A string variable that counts as the template's own. */
  public static Object trusted(String text) {
    return Text.ofTemplate(text);
  }
}
