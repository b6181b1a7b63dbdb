package io.fullbore.http;

import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.core.FinishReason;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.sampling.ScoredToken;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/** Renders remembered answers as they were sent the first time. */
final class StoredForms {
  private StoredForms() {}

  /** One JSON object. */
  static Buffer whole(StoredAnswer answer, AnswerFormat format, int choiceCount) {
    var choices = new ChoiceCollector(choiceCount);
    for (AnswerEvent event : answer.events()) {
      switch (event) {
        case AnswerEvent.Prompt(int choice, List<ScoredToken> tokens) ->
            choices.prompt(choice, tokens);
        case AnswerEvent.Delta(int choice, String text, List<ScoredToken> tokens) ->
            choices.delta(choice, text, tokens);
        case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) -> choices.end(choice, reason);
      }
    }
    return Buffer.buffer(format.whole(choices.finished(), answer.usage()));
  }

  /** Server-sent events, in the pieces in which the answer was produced. */
  static Buffer stream(StoredAnswer answer, AnswerFormat format) {
    var events = new StringBuilder(format.opening());
    for (AnswerEvent event : answer.events()) {
      events.append(
          switch (event) {
            case AnswerEvent.Prompt(int choice, List<ScoredToken> tokens) ->
                format.prompt(choice, tokens);
            case AnswerEvent.Delta(int choice, String text, List<ScoredToken> tokens) ->
                format.delta(choice, text, tokens);
            case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) ->
                format.choiceEnd(choice, reason);
          });
    }
    return Buffer.buffer(
        events.append(format.usage(answer.usage())).append(AnswerFormat.DONE).toString());
  }
}
