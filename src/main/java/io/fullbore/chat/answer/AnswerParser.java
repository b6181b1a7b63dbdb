package io.fullbore.chat.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes one answer apart while it is written. It works character by character, so it does not
 * matter where the pieces of text are cut; what may be the beginning of a marker or of a call is
 * held back until that is decided.
 *
 * <pre>
 *             marker of reasoning              marker of a call, or a bare brace
 *   REASONING ◀───────────────── TEXT ─────────────────────────────────────────▶ CALLS
 *             ─────────────────▶      ◀─────────────────────────────────────────
 *             closing marker           end of the calls, or what is no call: read again as text
 * </pre>
 *
 * <p>A call is told of as soon as its name and the first brace of its arguments are there. What
 * breaks off before that is text, its marker included where that was text. Blanks around reasoning
 * and calls are told of only between two stretches of text. Owned by one thread.
 */
public final class AnswerParser {
  private enum Mode {
    TEXT,
    REASONING,
    CALLS
  }

  /** What could be a call and is not decided after so much is text. */
  static final int MAX_HELD_CHARS = 8 * 1024;

  private final @Nullable ToolFormat format;
  private final @Nullable ReasoningTags tags;
  private final boolean oneCall;
  private final Calls calls;
  private final MarkerMatcher textMarkers;
  private final MarkerMatcher reasoningMarkers;
  private final Parts parts = new Parts();
  private final StringBuilder input = new StringBuilder();
  private final StringBuilder blanks = new StringBuilder();
  private final StringBuilder undecided = new StringBuilder();
  private Mode mode;
  private @Nullable CallReader reader;
  private String shownMarker = "";
  private boolean dropBlanks;
  private boolean textBegun;
  private boolean reasoningBegun;

  AnswerParser(
      AnswerSyntax syntax,
      Set<String> names,
      boolean oneCall,
      boolean inReasoning,
      Supplier<String> ids) {
    format = names.isEmpty() ? null : syntax.tools();
    tags = syntax.reasoning();
    this.oneCall = oneCall;
    calls = new Calls(names, ids);
    List<String> markers = new ArrayList<>();
    if (format != null) {
      markers.add(format.open());
    }
    if (tags != null) {
      markers.add(tags.open());
    }
    textMarkers = new MarkerMatcher(markers);
    reasoningMarkers =
        new MarkerMatcher(tags == null ? List.of() : List.of(tags.open(), tags.close()));
    mode = inReasoning ? Mode.REASONING : Mode.TEXT;
  }

  /** The calls found, and what each of them makes of what was undecided. */
  private final class Calls implements CallSink {
    private final Set<String> names;
    private final Supplier<String> ids;
    private int started;
    private int ended;
    private int startedBefore;
    private boolean bare;

    Calls(Set<String> names, Supplier<String> ids) {
      this.names = names;
      this.ids = ids;
    }

    @Override
    public boolean start(String name) {
      if (bare && !names.contains(name)) {
        return false;
      }
      undecided.setLength(0);
      if (!textBegun) {
        blanks.setLength(0);
      }
      shownMarker = "";
      parts.start(started++, ids.get(), name);
      return true;
    }

    @Override
    public void argument(char json) {
      undecided.setLength(0);
      parts.argument(json);
    }

    @Override
    public void end() {
      ended = started;
    }
  }

  /** Whether the answer is amid reasoning. */
  public boolean inReasoning() {
    return mode == Mode.REASONING;
  }

  /** Whether the model called tools and finished the last of its calls. */
  public boolean called() {
    return calls.started > 0 && calls.ended == calls.started;
  }

  /** Whether nothing more of the answer counts. */
  public boolean isOver() {
    return oneCall && calls.ended > 0;
  }

  /** Whether a control token is to be given to {@link #control}. */
  public boolean isMarker(String token) {
    return format != null && format.isMarker(token)
        || tags != null && (token.equals(tags.open()) || token.equals(tags.close()));
  }

  /** Takes more text; the parts that it completes, in order. */
  public List<AnswerPart> accept(String text) {
    if (format == null && tags == null) {
      return text.isEmpty() ? List.of() : List.of(new AnswerPart.Text(text));
    }
    input.append(text);
    read();
    return parts.take();
  }

  /** Takes a control token, whose own text is never shown; the parts that it completes. */
  public List<AnswerPart> control(String token) {
    if (isOver()) {
      return List.of();
    }
    while (mode == Mode.CALLS && reader != null) {
      switch (reader.marker(token)) {
        case MORE -> {
          return parts.take();
        }
        case DONE -> {
          callsEnded();
          return parts.take();
        }
        case BACK -> {
          giveBack();
          read();
        }
      }
    }
    boolean opensCalls = format != null && token.equals(format.open());
    boolean opens = opensCalls || tags != null && token.equals(tags.open());
    if (mode == Mode.TEXT && opens) {
      flushText();
      found(token, "");
    } else if (mode == Mode.REASONING
        && tags != null
        && (opensCalls || token.equals(tags.close()))) {
      reasoning(reasoningMarkers.flush());
      reasoningEnded();
      if (opensCalls) {
        found(token, "");
      }
    }
    return parts.take();
  }

  /** The answer is over: the parts that were held back. */
  public List<AnswerPart> finish() {
    if (isOver()) {
      return List.of();
    }
    while (mode == Mode.CALLS && reader != null) {
      reader.finish();
      if (reader.between()) {
        callsEnded();
      } else {
        giveBack();
        read();
      }
    }
    if (mode == Mode.REASONING) {
      reasoning(reasoningMarkers.flush());
    } else {
      flushText();
      if (!dropBlanks) {
        parts.text(blanks);
      }
    }
    blanks.setLength(0);
    return parts.take();
  }

  private void flushText() {
    CharSequence held = textMarkers.flush();
    for (int i = 0; i < held.length(); i++) {
      text(held.charAt(i));
    }
  }

  private void read() {
    int at = 0;
    while (at < input.length() && !isOver()) {
      char c = input.charAt(at++);
      switch (mode) {
        case TEXT -> readText(c);
        case REASONING -> readReasoning(c);
        case CALLS -> {
          if (!readCall(c)) {
            input.delete(0, at);
            at = 0;
            giveBack();
          }
        }
      }
    }
    input.setLength(0);
  }

  private void readText(char c) {
    String marker = textMarkers.accept(c);
    CharSequence released = textMarkers.released();
    for (int i = 0; i < released.length(); i++) {
      text(released.charAt(i));
    }
    if (marker != null) {
      found(marker, marker);
    }
  }

  /**
   * @param shown what readers see of the marker where nothing comes of it
   */
  private void found(String marker, String shown) {
    if (tags != null && marker.equals(tags.open())) {
      if (textBegun && !shown.isEmpty()) {
        shown(shown);
      } else {
        blanks.setLength(0);
        reasoningBegun = false;
        mode = Mode.REASONING;
      }
    } else {
      callsBegin(shown, false);
    }
  }

  private void text(char c) {
    boolean apart = calls.started > 0 && !textBegun && format != null && format.bare() && c == ';';
    if ((Character.isWhitespace(c) || apart) && (format != null || !textBegun)) {
      blanks.append(c);
    } else if (c == '{' && format != null && format.bare() && !textBegun) {
      callsBegin("{", true).accept(c);
    } else {
      textGoesOn();
      parts.text(c);
    }
  }

  private void shown(String text) {
    if (!text.isEmpty()) {
      textGoesOn();
      parts.text(text);
    }
  }

  /** Blanks between two stretches of text stay, also where a call stands amid them. */
  private void textGoesOn() {
    if (!blanks.isEmpty()) {
      parts.text(dropBlanks && !textBegun ? blanks.toString().stripLeading() : blanks);
      blanks.setLength(0);
    }
    dropBlanks = false;
    textBegun = true;
  }

  private void readReasoning(char c) {
    String marker = reasoningMarkers.accept(c);
    reasoning(reasoningMarkers.released());
    if (marker != null && tags != null) {
      if (marker.equals(tags.close())) {
        reasoningEnded();
      } else if (reasoningBegun) {
        reasoning(marker);
      }
    }
  }

  private void reasoning(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c)) {
        blanks.append(c);
        continue;
      }
      if (reasoningBegun) {
        parts.reasoning(blanks);
      }
      blanks.setLength(0);
      reasoningBegun = true;
      parts.reasoning(c);
    }
  }

  private void reasoningEnded() {
    blanks.setLength(0);
    dropBlanks = true;
    mode = Mode.TEXT;
  }

  private CallReader callsBegin(String shown, boolean bare) {
    calls.bare = bare;
    calls.startedBefore = calls.started;
    shownMarker = shown;
    undecided.setLength(0);
    CallReader begun = Objects.requireNonNull(format).reader(calls);
    reader = begun;
    mode = Mode.CALLS;
    return begun;
  }

  /**
   * @return false where what is undecided turned out to be text
   */
  private boolean readCall(char c) {
    undecided.append(c);
    int endedBefore = calls.ended;
    return switch (Objects.requireNonNull(reader).accept(c)) {
      case MORE -> {
        if (calls.ended > endedBefore) {
          undecided.setLength(0);
        }
        yield undecided.length() <= MAX_HELD_CHARS;
      }
      case DONE -> {
        callsEnded();
        yield true;
      }
      case BACK -> false;
    };
  }

  private void callsEnded() {
    undecided.setLength(0);
    reader = null;
    dropBlanks = true;
    mode = Mode.TEXT;
  }

  /** What is undecided is no call: it is read again as text, behind its marker. */
  private void giveBack() {
    String text = undecided.toString();
    boolean dropping = dropBlanks;
    Objects.requireNonNull(reader).finish();
    callsEnded();
    dropBlanks = dropping || calls.started > calls.startedBefore;
    shown(shownMarker);
    input.insert(0, text);
  }
}
