package io.fullbore.cache;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import java.util.List;

/** Answers for the tests of the cache. */
final class StoredAnswers {
  private StoredAnswers() {}

  static CacheKey key(int number) {
    return CacheKey.ofUser("test", "%064x".formatted(number));
  }

  static StoredAnswer answer(String text) {
    return answer(text, false);
  }

  static StoredAnswer answer(String text, boolean knowledge) {
    var scores = new TokenLogprobs(7, -0.5f, new int[] {7, 8}, new float[] {-0.5f, -2});
    return new StoredAnswer(
        List.of(
            new AnswerEvent.Prompt(0, List.of(new ScoredToken(1, null))),
            new AnswerEvent.Delta(0, new AnswerPart.Reasoning("hm"), List.of()),
            new AnswerEvent.Delta(
                0, new AnswerPart.Text(text), List.of(new ScoredToken(7, scores))),
            new AnswerEvent.Delta(0, new AnswerPart.CallStart(0, "id", "f"), List.of()),
            new AnswerEvent.Delta(0, new AnswerPart.CallArguments(0, "{}"), List.of()),
            new AnswerEvent.ChoiceEnd(0, FinishReason.STOP)),
        new Usage(3, 2, 1, 1),
        1_700_000_000_000L,
        knowledge,
        Origin.local("tiny", "tiny-1"));
  }

  /** An answer of two pieces from elsewhere. */
  static StoredAnswer forwarded(FinishReason reason) {
    return new StoredAnswer(
        List.of(
            new AnswerEvent.Forwarded(new ForwardedPiece("{\"x\":\"é\"}", List.of())),
            new AnswerEvent.Forwarded(
                new ForwardedPiece("{}", List.of(new ForwardedPiece.End(0, reason))))),
        new Usage(3, 2, 1, 1),
        1_700_000_000_000L,
        false,
        new Origin("cloud", "big", null));
  }
}
