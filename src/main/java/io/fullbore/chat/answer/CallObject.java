package io.fullbore.chat.answer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fullbore.chat.answer.CallReader.Step;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one call that is written as a JSON object, {@code {"name": "f", "arguments": {…}}} or with
 * {@code parameters}, fields in any order. The arguments are passed on as they come once the name
 * is known; a call without any has {@code {}}.
 */
final class CallObject {
  private enum State {
    OPENING,
    KEY_OR_END,
    KEY,
    COLON,
    VALUE,
    NAME,
    ARGUMENTS,
    OTHER,
    COMMA_OR_END
  }

  private static final Set<String> NAME_KEYS = Set.of("name", "function");
  private static final Set<String> ARGUMENT_KEYS = Set.of("arguments", "parameters");
  private static final Set<String> FURTHER_KEYS = Set.of("type", "id");

  /** Longest key, and longest name of a tool. */
  private static final int MAX_NAME_CHARS = 256;

  private static final ObjectReader STRINGS = JsonMapper.builder().build().readerFor(String.class);

  private final CallSink sink;
  private final boolean strict;
  private final StringBuilder string = new StringBuilder();
  private final StringBuilder early = new StringBuilder();
  private State state = State.OPENING;
  private JsonSpan span = new JsonSpan();
  private String key = "";
  private @Nullable String name;
  private boolean started;
  private boolean argumentsEnded;

  /**
   * @param strict whether a field that no call has means that this is none
   */
  CallObject(CallSink sink, boolean strict) {
    this.sink = sink;
    this.strict = strict;
  }

  /** Whether the next character stands in a string, where no marker is one. */
  boolean inString() {
    return switch (state) {
      case KEY, NAME -> true;
      case ARGUMENTS, OTHER -> span.inString();
      case OPENING, KEY_OR_END, COLON, VALUE, COMMA_OR_END -> false;
    };
  }

  /** Whether the sink knows of the call. */
  boolean started() {
    return started;
  }

  /** Whether the call lacks at most the object's end. */
  boolean called() {
    return started && argumentsEnded;
  }

  Step accept(char c) {
    return switch (state) {
      case OPENING -> c == '{' ? goTo(State.KEY_OR_END) : blank(c);
      case KEY_OR_END ->
          switch (c) {
            case '"' -> begin(State.KEY);
            case '}' -> end();
            default -> blank(c);
          };
      case KEY -> string(c);
      case COLON -> c == ':' ? goTo(State.VALUE) : blank(c);
      case VALUE -> Character.isWhitespace(c) ? Step.MORE : value(c);
      case NAME -> string(c);
      case ARGUMENTS -> argument(c);
      case OTHER -> other(c);
      case COMMA_OR_END ->
          switch (c) {
            case ',' -> goTo(State.KEY_OR_END);
            case '}' -> end();
            default -> blank(c);
          };
    };
  }

  private Step goTo(State next) {
    state = next;
    return Step.MORE;
  }

  private static Step blank(char c) {
    return Character.isWhitespace(c) ? Step.MORE : Step.BACK;
  }

  /** A string or another value; its first character is taken by the span. */
  private Step begin(State next) {
    span = new JsonSpan();
    string.setLength(0);
    state = next;
    return accept('"');
  }

  private Step string(char c) {
    string.append(c);
    if (span.accept(c) != JsonSpan.Place.LAST) {
      return string.length() <= MAX_NAME_CHARS ? Step.MORE : Step.BACK;
    }
    String text = decoded();
    if (text == null || text.isBlank()) {
      return Step.BACK;
    }
    if (state == State.KEY) {
      key = text;
      return known(key) ? goTo(State.COLON) : Step.BACK;
    }
    name = text;
    return !early.isEmpty() && !start() ? Step.BACK : goTo(State.COMMA_OR_END);
  }

  private boolean known(String field) {
    return !strict
        || NAME_KEYS.contains(field)
        || ARGUMENT_KEYS.contains(field)
        || FURTHER_KEYS.contains(field);
  }

  private @Nullable String decoded() {
    try {
      return STRINGS.readValue(string.toString());
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  private Step value(char c) {
    if (NAME_KEYS.contains(key) && name == null) {
      return c == '"' ? begin(State.NAME) : Step.BACK;
    }
    span = new JsonSpan();
    if (ARGUMENT_KEYS.contains(key) && !argumentsEnded) {
      if (c == '{') {
        state = State.ARGUMENTS;
        return name == null || start() ? argument(c) : Step.BACK;
      }
      if (c != 'n') { // null
        return Step.BACK;
      }
    }
    state = State.OTHER;
    return other(c);
  }

  private Step argument(char c) {
    if (started) {
      sink.argument(c);
    } else {
      early.append(c);
    }
    if (span.accept(c) == JsonSpan.Place.LAST) {
      argumentsEnded = true;
      state = State.COMMA_OR_END;
    }
    return Step.MORE;
  }

  private Step other(char c) {
    return switch (span.accept(c)) {
      case INSIDE -> Step.MORE;
      case LAST -> goTo(State.COMMA_OR_END);
      case BEHIND -> {
        state = State.COMMA_OR_END;
        yield accept(c);
      }
    };
  }

  /** Tells of the call, with the arguments that came before its name. */
  private boolean start() {
    if (name == null || !sink.start(name)) {
      return false;
    }
    started = true;
    early.chars().forEach(c -> sink.argument((char) c));
    early.setLength(0);
    return true;
  }

  private Step end() {
    if (!started) {
      if (!argumentsEnded) {
        early.append("{}");
      }
      if (!start()) {
        return Step.BACK;
      }
    }
    sink.end();
    return Step.DONE;
  }
}
