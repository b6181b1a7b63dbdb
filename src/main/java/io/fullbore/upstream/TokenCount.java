package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingRegistry;
import com.knuddels.jtokkit.api.EncodingType;

/**
 * Counts the tokens of requests and answers as OpenAI's models would: before a request is sent, for
 * what is reserved, and after an answer whose upstream does not count. For models of others it is
 * an estimate.
 *
 * <p>A vocabulary is read when it is first needed, which takes a quarter of a second; {@link #load}
 * reads it before that. Counting takes about 0.1 ms per 1,000 characters of plain text and up to 1
 * ms of anything. Thread-safe; one per process.
 */
public final class TokenCount {
  /** Of an image in full detail, of 1024 x 1024 pixels, and of a part of any other kind. */
  static final int PART_TOKENS = 765;

  /** Of an image of which the request says that its detail is low. */
  static final int LOW_DETAIL_TOKENS = 85;

  // https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
  private static final int MESSAGE_TOKENS = 3;
  private static final int NAME_TOKENS = 1;
  private static final int ANSWER_START_TOKENS = 3;

  private final EncodingRegistry encodings = Encodings.newLazyEncodingRegistry();

  /** Reads the vocabulary of a model; blocks. */
  public void load(String model) {
    encoding(model);
  }

  /** The tokens of a prompt for the model that the request itself names. */
  public long promptTokens(ForwardedCall call) {
    return promptTokens(call, call.body().path("model").asText());
  }

  /**
   * The tokens of a prompt. Blocks as long as it takes: call it on a worker for a long prompt.
   *
   * @param call its messages count with what OpenAI adds to each, its tools and its answer's schema
   *     as their JSON, an image as 765 tokens or, in low detail, as 85
   * @param model as the upstream calls it
   */
  public long promptTokens(ForwardedCall call, String model) {
    Encoding encoding = encoding(model);
    JsonNode body = call.body();
    return switch (call.endpoint()) {
      case CHAT_COMPLETIONS -> {
        long tokens = ANSWER_START_TOKENS;
        for (JsonNode message : body.path("messages")) {
          tokens += messageTokens(encoding, message);
        }
        yield tokens
            + jsonTokens(encoding, body.path("tools"))
            + jsonTokens(encoding, body.path("functions"))
            + jsonTokens(encoding, body.path("response_format").path("json_schema"));
      }
      case COMPLETIONS -> promptTokens(encoding, body.path("prompt"));
    };
  }

  /** The tokens of text that a model wrote; blocks like {@link #promptTokens}. */
  long textTokens(String text, String model) {
    return encoding(model).countTokensOrdinary(text);
  }

  private static long messageTokens(Encoding encoding, JsonNode message) {
    long tokens = MESSAGE_TOKENS;
    for (var field : message.properties()) {
      tokens +=
          switch (field.getKey()) {
            case "content" -> contentTokens(encoding, field.getValue());
            case "name" -> NAME_TOKENS + jsonTokens(encoding, field.getValue());
            default -> jsonTokens(encoding, field.getValue());
          };
    }
    return tokens;
  }

  private static long contentTokens(Encoding encoding, JsonNode content) {
    if (!content.isArray()) {
      return jsonTokens(encoding, content);
    }
    long tokens = 0;
    for (JsonNode part : content) {
      JsonNode text = part.path("text");
      if (text.isTextual()) {
        tokens += jsonTokens(encoding, text);
      } else {
        String detail = part.path("image_url").path("detail").asText();
        tokens += detail.equals("low") ? LOW_DETAIL_TOKENS : PART_TOKENS;
      }
    }
    return tokens;
  }

  /** A string counts as it is, what is absent not at all, and everything else as its JSON. */
  private static long jsonTokens(Encoding encoding, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return 0;
    }
    return encoding.countTokensOrdinary(value.isTextual() ? value.textValue() : value.toString());
  }

  /** A text, the ids of one, or several of either. */
  private static long promptTokens(Encoding encoding, JsonNode prompt) {
    if (prompt.isIntegralNumber()) {
      return 1;
    }
    if (!prompt.isArray()) {
      return jsonTokens(encoding, prompt);
    }
    long tokens = 0;
    for (JsonNode element : prompt) {
      tokens += promptTokens(encoding, element);
    }
    return tokens;
  }

  private Encoding encoding(String model) {
    return encodings.getEncoding(encodingType(model));
  }

  /** By a name such as {@code gpt-4o}, {@code openai/gpt-4} or, in Azure, {@code gpt-35-turbo}. */
  static EncodingType encodingType(String model) {
    String name = model.substring(model.lastIndexOf('/') + 1);
    boolean older =
        name.startsWith("gpt-3.5")
            || name.startsWith("gpt-35")
            || name.equals("gpt-4")
            || name.startsWith("gpt-4-");
    return older ? EncodingType.CL100K_BASE : EncodingType.O200K_BASE;
  }
}
