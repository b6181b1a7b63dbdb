package io.fullbore.upstream;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece.End;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a chunk or a whole answer in OpenAI's form says, token by token, as most of it is only
 * passed on: which choices end, what was used, what was written, and errors. All of it is parsed
 * and so found to be JSON. One per answer, used by one event loop.
 */
final class PieceScanner {
  private static final int MAX_CHOICES = 1 << 16;

  private final Tally tally;
  private final BitSet ended = new BitSet();
  private final StringBuilder text = new StringBuilder();
  // of the latest piece
  private List<End> ends = List.of();
  private int choiceCount;
  private boolean hasChoices;
  private boolean hasUsage;
  private boolean isError;
  private @Nullable JsonNode error;

  PieceScanner(Tally tally) {
    this.tally = tally;
  }

  /** Choices that have ended so far. */
  int endedCount() {
    return ended.cardinality();
  }

  /** Choices that end with the piece. */
  List<End> ends() {
    return ends;
  }

  boolean hasChoices() {
    return hasChoices;
  }

  /** Whether the piece is what OpenAI appends where a stream's usage is asked for. */
  boolean usageOnly() {
    return hasUsage && hasChoices && choiceCount == 0;
  }

  /** Whether the piece as a whole is an error, in a form older than OpenAI's. */
  boolean isError() {
    return isError;
  }

  /** The error within the piece, or null. */
  @Nullable JsonNode error() {
    return error;
  }

  /**
   * Reads a piece.
   *
   * @throws BrokenAnswerException where it is no JSON object, or a choice makes no sense
   */
  void scan(JsonParser json) throws BrokenAnswerException {
    ends = List.of();
    choiceCount = 0;
    hasChoices = false;
    hasUsage = false;
    isError = false;
    error = null;
    try {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new BrokenAnswerException("sent something that is no JSON object");
      }
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        field(name, json.nextToken(), json);
      }
      if (json.nextToken() != null) {
        throw new BrokenAnswerException("sent more than a JSON object");
      }
    } catch (JsonProcessingException e) {
      throw AnswerJson.malformed();
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  private void field(String name, JsonToken value, JsonParser json)
      throws IOException, BrokenAnswerException {
    switch (name) {
      case "choices" -> {
        hasChoices = value == JsonToken.START_ARRAY;
        if (hasChoices) {
          choices(json);
        } else {
          json.skipChildren();
        }
      }
      case "usage" -> {
        if (value == JsonToken.START_OBJECT) {
          hasUsage = true;
          tally.report(json.readValueAsTree());
        } else {
          json.skipChildren();
        }
      }
      case "error" -> {
        if (value == JsonToken.START_OBJECT || value == JsonToken.VALUE_STRING) {
          error = json.readValueAsTree();
        } else {
          json.skipChildren();
        }
      }
      case "object" -> {
        isError = value == JsonToken.VALUE_STRING && json.getText().equals("error");
        json.skipChildren();
      }
      default -> json.skipChildren();
    }
  }

  private void choices(JsonParser json) throws IOException, BrokenAnswerException {
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      if (token != JsonToken.START_OBJECT) {
        throw new BrokenAnswerException("sent a choice that is no object");
      }
      choice(json);
      choiceCount++;
    }
  }

  /** Its index may stand after its text. */
  private void choice(JsonParser json) throws IOException, BrokenAnswerException {
    int index = choiceCount;
    String reason = null;
    text.setLength(0);
    for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
      JsonToken value = json.nextToken();
      switch (name) {
        case "index" -> {
          if (value == JsonToken.VALUE_NUMBER_INT) {
            index = json.getIntValue();
          }
        }
        case "finish_reason" -> {
          if (value == JsonToken.VALUE_STRING) {
            reason = json.getText();
          }
        }
        case "delta", "message" -> written(json);
        case "text" -> append(value, json);
        default -> {}
      }
      if (value.isStructStart()) {
        json.skipChildren();
      }
    }
    if (index < 0 || index >= MAX_CHOICES) {
      throw new BrokenAnswerException("sent a choice with index=%d".formatted(index));
    }
    if (!text.isEmpty()) {
      tally.add(index, text);
    }
    if (reason != null) {
      end(index, reason);
    }
  }

  /** All that the model wrote, at any depth: content, reasoning, calls of tools. */
  private void written(JsonParser json) throws IOException {
    boolean reasoned = false;
    int depth = 0;
    JsonToken token = json.currentToken();
    do {
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.VALUE_STRING) {
        switch (json.currentName()) {
          case "content", "text", "refusal", "name", "arguments" -> append(token, json);
          case "reasoning", "reasoning_content" -> {
            // some send the same under both names
            if (!reasoned) {
              append(token, json);
            }
            reasoned = true;
          }
          case null, default -> {}
        }
      }
      if (depth > 0) {
        token = json.nextToken();
      }
    } while (depth > 0);
  }

  private void append(JsonToken value, JsonParser json) throws IOException {
    if (value == JsonToken.VALUE_STRING) {
      text.append(json.getTextCharacters(), json.getTextOffset(), json.getTextLength());
    }
  }

  private void end(int choice, String reason) throws BrokenAnswerException {
    if (reason.equals("error") || reason.equals("abort")) {
      throw new BrokenAnswerException("broke its answer off");
    }
    if (!ended.get(choice)) {
      ended.set(choice);
      if (ends.isEmpty()) {
        ends = new ArrayList<>(1);
      }
      boolean cut = reason.equals("length") || reason.equals("content_filter");
      ends.add(new End(choice, cut ? FinishReason.LENGTH : FinishReason.STOP));
    }
  }
}
