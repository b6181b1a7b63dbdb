package io.fullbore.chat.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls as JSON objects: one, or as many as stand before a closing marker. Where the marker comes
 * too early, what there is of a call's arguments is all of them.
 */
final class ObjectCalls implements CallReader {
  private final CallSink sink;
  private final @Nullable String close;
  private final boolean strict;
  private final MarkerMatcher closing;
  private @Nullable CallObject object;

  /**
   * @param close the marker after the calls; null where there is none and a single call
   * @param strict as for {@link CallObject}
   */
  ObjectCalls(CallSink sink, @Nullable String close, boolean strict) {
    this.sink = sink;
    this.close = close;
    this.strict = strict;
    closing = new MarkerMatcher(close == null ? List.of() : List.of(close));
    object = new CallObject(sink, strict);
  }

  @Override
  public Step accept(char c) {
    if (object != null && object.inString()) {
      return read(c);
    }
    String marker = closing.accept(c);
    CharSequence text = closing.released();
    for (int i = 0; i < text.length(); i++) {
      Step step = read(text.charAt(i));
      if (step != Step.MORE) {
        return step;
      }
    }
    return marker == null ? Step.MORE : closed();
  }

  private Step read(char c) {
    if (object == null) {
      if (c == '{') {
        object = new CallObject(sink, strict);
      } else {
        return c == ',' || Character.isWhitespace(c) ? Step.MORE : Step.BACK;
      }
    }
    Step step = object.accept(c);
    if (step != Step.DONE) {
      return step;
    }
    object = null;
    return close == null ? Step.DONE : Step.MORE;
  }

  private Step closed() {
    if (object != null && !object.started()) {
      return Step.BACK;
    }
    finish();
    return Step.DONE;
  }

  @Override
  public Step marker(String token) {
    releaseArguments();
    return token.equals(close) ? closed() : Step.BACK;
  }

  /** Nothing interrupts a marker: what could have become one is of the arguments. */
  private void releaseArguments() {
    if (object != null && object.started() && !object.called()) {
      closing.flush().chars().forEach(c -> sink.argument((char) c));
    }
  }

  @Override
  public void finish() {
    releaseArguments();
    if (object != null && object.called()) {
      sink.end();
      object = null;
    }
  }

  @Override
  public boolean between() {
    return object == null;
  }
}
