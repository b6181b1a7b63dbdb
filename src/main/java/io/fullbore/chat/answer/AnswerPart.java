package io.fullbore.chat.answer;

/** A piece of an answer as its reader gets it; the pieces of one kind add up. */
public sealed interface AnswerPart {
  /** Characters of it. */
  int length();

  /** More of what the answer says. */
  record Text(String text) implements AnswerPart {
    @Override
    public int length() {
      return text.length();
    }
  }

  /** More of what the model thinks before it answers. */
  record Reasoning(String text) implements AnswerPart {
    @Override
    public int length() {
      return text.length();
    }
  }

  /**
   * A call of a tool begins; its arguments follow.
   *
   * @param call counts the answer's calls from 0
   * @param id names the call in the conversation
   */
  record CallStart(int call, String id, String name) implements AnswerPart {
    @Override
    public int length() {
      return id.length() + name.length();
    }
  }

  /**
   * More of a call's arguments.
   *
   * @param call as in {@link CallStart}
   * @param json a piece of a JSON object, as the model wrote it
   */
  record CallArguments(int call, String json) implements AnswerPart {
    @Override
    public int length() {
      return json.length();
    }
  }
}
