package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** How errors are spelled and which status they have: each API has its own way. */
public enum ErrorShape {
  /** {@code {"error":{"message","type","param","code"}}}. */
  OPENAI {
    @Override
    public int status(ApiError error) {
      return error.status();
    }

    @Override
    public String json(ApiError error) {
      return error.json();
    }

    @Override
    public String event(ApiError error) {
      return error.event();
    }
  },

  /**
   * {@code {"type":"error","error":{"type","message"}}}, of the types that <a
   * href="https://docs.claude.com/en/api/errors">Anthropic's API</a> has. What is full or away is
   * its {@code overloaded_error} with status 529.
   */
  ANTHROPIC {
    @Override
    public int status(ApiError error) {
      return type(error).equals(OVERLOADED) ? OVERLOADED_STATUS : error.status();
    }

    @Override
    public String json(ApiError error) {
      return JsonText.object(json -> write(json, error));
    }

    @Override
    public String event(ApiError error) {
      return JsonText.event("error", json -> write(json, error));
    }
  };

  private static final String OVERLOADED = "overloaded_error";
  private static final int OVERLOADED_STATUS = 529;
  private static final String MESSAGES = "/v1/messages";

  /** The shape of what stands at a path. */
  public static ErrorShape of(String path) {
    return path.equals(MESSAGES) || path.startsWith(MESSAGES + "/") ? ANTHROPIC : OPENAI;
  }

  public abstract int status(ApiError error);

  /** The whole body. */
  public abstract String json(ApiError error);

  /** The last event of a stream that had begun. */
  public abstract String event(ApiError error);

  private static void write(JsonGenerator json, ApiError error) throws IOException {
    json.writeStringField("type", "error");
    json.writeObjectFieldStart("error");
    json.writeStringField("type", type(error));
    json.writeStringField("message", error.message());
    json.writeEndObject();
  }

  private static String type(ApiError error) {
    return switch (error.status()) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> error.type().equals(OVERLOADED) ? OVERLOADED : "rate_limit_error";
      case 503, OVERLOADED_STATUS -> OVERLOADED;
      case 504 -> "timeout_error";
      default -> error.status() >= 500 ? "api_error" : "invalid_request_error";
    };
  }
}
