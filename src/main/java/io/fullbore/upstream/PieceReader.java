package io.fullbore.upstream;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.ForwardedPiece;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns what an upstream sends for one call into pieces that can be passed on: the original text
 * where the upstream speaks as OpenAI does, and a translation otherwise. Also knows whether the
 * answer is complete. One per answer, used by one event loop.
 */
final class PieceReader {
  private static final String DONE = "[DONE]";

  private final ForwardedCall call;
  private final @Nullable AnswerTranslator translator;
  private final Tally tally;
  private final PieceScanner scanner;
  private boolean done;

  /**
   * @param translator null where answers are passed on as they are
   */
  PieceReader(ForwardedCall call, @Nullable AnswerTranslator translator, Tally tally) {
    this.call = call;
    this.translator = translator;
    this.tally = tally;
    this.scanner = new PieceScanner(tally);
  }

  /** Whether the upstream has said that nothing follows. */
  boolean done() {
    return done;
  }

  /** Whether nothing is missing if nothing follows. */
  boolean complete() {
    return done || (translator == null && scanner.endedCount() >= call.choiceCount());
  }

  /**
   * Reads the data of a stream's next event.
   *
   * @return what to pass on, maybe nothing
   * @throws ErrorAnswerException where it is an error
   * @throws BrokenAnswerException where it makes no sense
   */
  List<ForwardedPiece> event(String data) throws ErrorAnswerException, BrokenAnswerException {
    if (translator != null) {
      return translated(translator, data);
    }
    if (data.strip().equals(DONE)) {
      done = true;
      if (!tally.begun()) {
        throw new BrokenAnswerException("sent an answer without any piece");
      }
      return List.of();
    }
    // an event of several lines: line feeds stand between tokens, or it would be no JSON
    return chunk(data.indexOf('\n') < 0 ? data : data.replace('\n', ' '));
  }

  private List<ForwardedPiece> chunk(String json)
      throws ErrorAnswerException, BrokenAnswerException {
    scan(json);
    tally.begin();
    return passedOn() ? List.of(new ForwardedPiece(json, scanner.ends())) : List.of();
  }

  /** The caller's stream ends with usage only where the caller asked for it. */
  private boolean passedOn() {
    return call.includeUsage() || !scanner.usageOnly();
  }

  private List<ForwardedPiece> translated(AnswerTranslator through, String data)
      throws ErrorAnswerException, BrokenAnswerException {
    JsonNode event = AnswerJson.read(data);
    refuseError(event);
    List<ForwardedPiece> pieces = new ArrayList<>();
    try {
      for (ObjectNode chunk : through.event(event)) {
        scan(AnswerJson.parser(chunk));
        tally.begin();
        if (passedOn()) {
          pieces.add(new ForwardedPiece(AnswerJson.text(chunk), scanner.ends()));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new BrokenAnswerException("sent a " + e.getMessage());
    }
    done = through.complete();
    return pieces;
  }

  /** Reads a whole answer. */
  ForwardedPiece whole(String body) throws ErrorAnswerException, BrokenAnswerException {
    String json = body;
    if (translator == null) {
      scan(json);
    } else {
      JsonNode answer = AnswerJson.read(body);
      refuseError(answer);
      try {
        ObjectNode translated = translator.whole(answer);
        json = AnswerJson.text(translated);
        scan(AnswerJson.parser(translated));
      } catch (IllegalArgumentException e) {
        throw new BrokenAnswerException("sent a " + e.getMessage());
      }
    }
    if (!scanner.hasChoices()) {
      throw new BrokenAnswerException("sent an answer without choices");
    }
    tally.begin();
    return new ForwardedPiece(json, scanner.ends());
  }

  private void scan(String json) throws ErrorAnswerException, BrokenAnswerException {
    try (JsonParser parser = AnswerJson.parser(json)) {
      scan(parser);
      if (scanner.isError()) {
        throw new ErrorAnswerException(AnswerJson.read(json));
      }
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  private void scan(JsonParser parser) throws ErrorAnswerException, BrokenAnswerException {
    scanner.scan(parser);
    JsonNode error = scanner.error();
    if (error != null) {
      throw new ErrorAnswerException(error);
    }
  }

  private static void refuseError(JsonNode answer) throws ErrorAnswerException {
    JsonNode error = answer.path("error");
    if (error.isObject() || error.isTextual()) {
      throw new ErrorAnswerException(error);
    }
  }
}
