package io.fullbore.chat.answer;

import java.util.List;

/**
 * Calls after a marker that nothing closes: a JSON array of objects, or one call as a name and its
 * arguments.
 *
 * <pre>
 *   [{"name": "f", "arguments": {…}}, …]
 *   f[ARGS]{…}    f[CALL_ID]id[ARGS]{…}    f{…}
 * </pre>
 */
final class ListedCalls implements CallReader {
  static final String ARGUMENTS = "[ARGS]";
  static final String CALL_ID = "[CALL_ID]";

  private enum State {
    FIRST,
    LIST,
    OBJECT,
    NAME,
    ID,
    ARGUMENTS_OPENING,
    ARGUMENTS
  }

  private static final int MAX_NAME_CHARS = 256;

  private final CallSink sink;
  private final MarkerMatcher markers = new MarkerMatcher(List.of(ARGUMENTS, CALL_ID));
  private final StringBuilder name = new StringBuilder();
  private final JsonSpan span = new JsonSpan();
  private State state = State.FIRST;
  private CallObject object;
  private boolean list;
  private boolean called;

  ListedCalls(CallSink sink) {
    this.sink = sink;
    object = new CallObject(sink, false);
  }

  @Override
  public Step accept(char c) {
    return switch (state) {
      case FIRST -> first(c);
      case LIST -> listed(c);
      case OBJECT -> inObject(c);
      case NAME, ID -> named(c);
      case ARGUMENTS_OPENING ->
          c == '{' ? start() : Character.isWhitespace(c) ? Step.MORE : Step.BACK;
      case ARGUMENTS -> argument(c);
    };
  }

  private Step first(char c) {
    if (Character.isWhitespace(c)) {
      return Step.MORE;
    }
    if (c == '[') {
      list = true;
      state = State.LIST;
      return Step.MORE;
    }
    if (c == '{') {
      state = State.OBJECT;
      return inObject(c);
    }
    state = State.NAME;
    return named(c);
  }

  private Step listed(char c) {
    if (c == '{') {
      object = new CallObject(sink, false);
      state = State.OBJECT;
      return inObject(c);
    }
    if (c == ']') {
      return called ? Step.DONE : Step.BACK;
    }
    return c == ',' || Character.isWhitespace(c) ? Step.MORE : Step.BACK;
  }

  private Step inObject(char c) {
    Step step = object.accept(c);
    if (step != Step.DONE) {
      return step;
    }
    called = true;
    state = State.LIST;
    return list ? Step.MORE : Step.DONE;
  }

  /** The name, or an id, which this server gives itself. */
  private Step named(char c) {
    String marker = markers.accept(c);
    CharSequence text = markers.released();
    for (int i = 0; i < text.length(); i++) {
      char next = text.charAt(i);
      if (next == '{') {
        return start();
      }
      boolean part = Character.isLetterOrDigit(next) || "_-.:".indexOf(next) >= 0;
      if (part && state == State.NAME && name.length() < MAX_NAME_CHARS) {
        name.append(next);
      } else if (!Character.isWhitespace(next) && !(part && state == State.ID)) {
        return Step.BACK;
      }
    }
    return marker == null ? Step.MORE : marker(marker);
  }

  @Override
  public Step marker(String token) {
    if (!markers.flush().isEmpty()) {
      return Step.BACK;
    }
    boolean naming = state == State.NAME || state == State.ID;
    if (naming && token.equals(ARGUMENTS)) {
      state = State.ARGUMENTS_OPENING;
      return Step.MORE;
    }
    if (state == State.NAME && token.equals(CALL_ID)) {
      state = State.ID;
      return Step.MORE;
    }
    return Step.BACK;
  }

  private Step start() {
    if (name.isEmpty() || !sink.start(name.toString())) {
      return Step.BACK;
    }
    state = State.ARGUMENTS;
    return argument('{');
  }

  private Step argument(char c) {
    sink.argument(c);
    if (span.accept(c) != JsonSpan.Place.LAST) {
      return Step.MORE;
    }
    sink.end();
    return Step.DONE;
  }

  @Override
  public void finish() {
    if (state == State.OBJECT && object.called()) {
      sink.end();
      called = true;
      state = State.LIST;
    }
  }

  @Override
  public boolean between() {
    return state == State.LIST && called;
  }
}
