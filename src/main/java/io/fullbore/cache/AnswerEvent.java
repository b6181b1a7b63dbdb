package io.fullbore.cache;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.sampling.ScoredToken;
import java.util.List;

/** One piece of an answer as it was produced; together they replay it. */
public sealed interface AnswerEvent {
  /** Counts from 0. */
  int choice();

  /** The scored prompt of a choice. */
  record Prompt(int choice, List<ScoredToken> tokens) implements AnswerEvent {
    public Prompt {
      tokens = List.copyOf(tokens);
    }
  }

  /** More of a choice, more of its tokens, or both. */
  record Delta(int choice, AnswerPart part, List<ScoredToken> tokens) implements AnswerEvent {
    public Delta {
      tokens = List.copyOf(tokens);
    }
  }

  /** A piece of an answer from elsewhere. */
  record Forwarded(ForwardedPiece piece) implements AnswerEvent {
    @Override
    public int choice() {
      return 0;
    }
  }

  record ChoiceEnd(int choice, FinishReason reason) implements AnswerEvent {}
}
