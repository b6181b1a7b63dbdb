package io.fullbore.http;

import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.AnswerFrame;
import io.fullbore.sampling.ScoredToken;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.function.Supplier;

/** Renders remembered answers as they were sent the first time. */
final class StoredForms {
  private StoredForms() {}

  /** One JSON object. */
  static Buffer whole(
      StoredAnswer answer, Supplier<AnswerFormat> formats, AnswerFrame frame, int choiceCount) {
    if (answer.events().getFirst() instanceof AnswerEvent.Forwarded(ForwardedPiece piece)) {
      return Buffer.buffer(frame.whole(piece, answer.usage()));
    }
    var choices = new ChoiceCollector(choiceCount);
    for (AnswerEvent event : answer.events()) {
      switch (event) {
        case AnswerEvent.Prompt(int choice, List<ScoredToken> tokens) ->
            choices.prompt(choice, tokens);
        case AnswerEvent.Delta(int choice, AnswerPart part, List<ScoredToken> tokens) ->
            choices.delta(choice, part, tokens);
        case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) -> choices.end(choice, reason);
        case AnswerEvent.Forwarded _ -> throw new IllegalStateException("an answer of two origins");
      }
    }
    return Buffer.buffer(formats.get().whole(choices.finished(), answer.usage()));
  }

  /** Server-sent events, in the pieces in which the answer was produced. */
  static Buffer stream(StoredAnswer answer, Supplier<AnswerFormat> formats, AnswerFrame frame) {
    if (answer.events().getFirst() instanceof AnswerEvent.Forwarded) {
      return forwarded(answer, frame);
    }
    AnswerFormat format = formats.get();
    var events = new StringBuilder(format.opening());
    for (AnswerEvent event : answer.events()) {
      events.append(
          switch (event) {
            case AnswerEvent.Prompt(int choice, List<ScoredToken> tokens) ->
                format.prompt(choice, tokens);
            case AnswerEvent.Delta(int choice, AnswerPart part, List<ScoredToken> tokens) ->
                format.delta(choice, part, tokens);
            case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) ->
                format.choiceEnd(choice, reason);
            case AnswerEvent.Forwarded _ ->
                throw new IllegalStateException("an answer of two origins");
          });
    }
    return Buffer.buffer(
        events.append(format.usage(answer.usage())).append(frame.done(answer.usage())).toString());
  }

  private static Buffer forwarded(StoredAnswer answer, AnswerFrame frame) {
    var events = new StringBuilder();
    for (AnswerEvent event : answer.events()) {
      if (event instanceof AnswerEvent.Forwarded(ForwardedPiece piece)) {
        events.append(frame.piece(piece));
      }
    }
    return Buffer.buffer(events.append(frame.done(answer.usage())).toString());
  }
}
