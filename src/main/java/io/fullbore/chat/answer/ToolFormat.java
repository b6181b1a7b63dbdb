package io.fullbore.chat.answer;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** How a family of models writes calls of tools; the rows are tried from the top. */
public enum ToolFormat {
  /** {@code <tool_call>{"name": "f", "arguments": {…}}</tool_call>}, as Hermes and Qwen do. */
  TAGGED("<tool_call>", List.of("</tool_call>"), false),

  /** What follows {@code [TOOL_CALLS]}, as Mistral does; see {@link ListedCalls}. */
  LISTED("[TOOL_CALLS]", List.of(ListedCalls.ARGUMENTS, ListedCalls.CALL_ID), false),

  /**
   * {@code {"name": "f", "parameters": {…}}} after {@code <|python_tag|>} or as the whole answer,
   * as Llama 3 does.
   */
  BARE("<|python_tag|>", List.of(), true);

  /** What a template with bare calls shows the model. */
  private static final String PARAMETERS = "\"parameters\": ";

  private final String open;
  private final List<String> further;
  private final boolean bare;

  ToolFormat(String open, List<String> further, boolean bare) {
    this.open = open;
    this.further = further;
    this.bare = bare;
  }

  /**
   * The format of a model.
   *
   * @param template the source of its chat template
   * @param isToken whether a text is a token of its vocabulary
   */
  static Optional<ToolFormat> of(String template, Predicate<String> isToken) {
    for (ToolFormat format : values()) {
      if (template.contains(format.open)
          || format.bare && isToken.test(format.open) && template.contains(PARAMETERS)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** The marker that begins a call. */
  String open() {
    return open;
  }

  /** Whether an answer that begins with a brace may be a call without a marker. */
  boolean bare() {
    return bare;
  }

  /** Whether a token is one that the format's reader must see. */
  boolean isMarker(String token) {
    return token.equals(open) || further.contains(token);
  }

  CallReader reader(CallSink sink) {
    return switch (this) {
      case TAGGED -> new ObjectCalls(sink, close(), false);
      case LISTED -> new ListedCalls(sink);
      case BARE -> new ObjectCalls(sink, close(), true);
    };
  }

  private @Nullable String close() {
    return this == TAGGED ? further.getFirst() : null;
  }
}
