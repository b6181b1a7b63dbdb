package io.fullbore.stub;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the stub says: the same words to everyone, some of them of several bytes a letter. */
public final class Words {
  private static final List<String> WORDS =
      List.of(
          "Water",
          " runs",
          " down",
          " the",
          " café",
          "'s",
          " stairs",
          ",",
          " naïve",
          " as",
          " 水",
          " and",
          " bright",
          " 😀",
          " \"quoted\"",
          ".\n");

  /** The arguments of every tool call, in the pieces in which they are streamed. */
  static final List<String> TOOL_ARGUMENTS =
      List.of("{\"ci", "ty\":\"Zü", "rich\",\"days\"", ":3}");

  private Words() {}

  static String token(int index) {
    return WORDS.get(index % WORDS.size());
  }

  /** The first so many tokens, as an answer joins them. */
  public static String text(int tokens) {
    return IntStream.range(0, tokens).mapToObj(Words::token).collect(Collectors.joining());
  }

  /** The arguments of every tool call. */
  public static String toolArguments() {
    return String.join("", TOOL_ARGUMENTS);
  }
}
