package io.fullbore.http.wire;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import java.util.List;

/**
 * How one endpoint spells one answer: as server-sent events, or as one JSON object. The methods
 * that give events give an empty string where there is nothing to send, never an event without
 * content; every event has its data in one line. Choices count from 0 through all prompts. One per
 * answer, used by one thread at a time.
 */
public interface AnswerFormat {
  /**
   * What comes first, as soon as the request is accepted.
   *
   * @return for every choice one event, or none at all
   */
  String opening();

  /**
   * The scored prompt of a choice.
   *
   * @param tokens all of the prompt's, the first without log-probabilities
   * @return at most one event
   */
  String prompt(int choice, List<ScoredToken> tokens);

  /**
   * More of a choice.
   *
   * @param part may be an empty text, and may lag behind the tokens
   * @param tokens may be empty; shown only where log-probabilities were asked for
   * @return one event, or none where neither the part nor tokens are to be shown
   */
  String delta(int choice, AnswerPart part, List<ScoredToken> tokens);

  /**
   * The end of a choice.
   *
   * @return one event, without text
   */
  String choiceEnd(int choice, FinishReason reason);

  /**
   * The token counts of all choices.
   *
   * @return one event without choices, or none where the caller does not want them
   */
  String usage(Usage usage);

  /** The last event of a stream that broke off after its opening. */
  default String failure(ApiError error) {
    return error.event();
  }

  /**
   * The whole answer.
   *
   * @param choices all of them, in order
   * @return one JSON object, which is no event
   */
  String whole(List<FinishedChoice> choices, Usage usage);
}
