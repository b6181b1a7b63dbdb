package io.fullbore.http.wire;

import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.serving.ScoredToken;
import java.util.List;

/**
 * How one endpoint spells one answer: as server-sent events, or as one JSON object. The methods
 * that give events give an empty string where there is nothing to send. One per answer, used by one
 * thread.
 */
public interface AnswerFormat {
  /** Ends every stream that was not cut. */
  String DONE = "data: [DONE]\n\n";

  /** What comes first, as soon as the request is accepted. */
  String opening();

  /** The scored prompt of a choice. */
  String prompt(int choice, List<ScoredToken> tokens);

  /** More of a choice. */
  String delta(int choice, String text, List<ScoredToken> tokens);

  String choiceEnd(int choice, FinishReason reason);

  /** The token counts where the caller wants them. */
  String usage(Usage usage);

  /** The whole answer as one object. */
  String whole(List<FinishedChoice> choices, Usage usage);
}
