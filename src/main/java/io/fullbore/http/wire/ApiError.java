package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.core.Failure;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An error as the API shows it: {@code {"error":{"message","type","param","code"}}} and a status.
 *
 * @param retryAfterSeconds when to try again; 0 where that would not help
 */
public record ApiError(
    int status,
    String message,
    String type,
    @Nullable String param,
    @Nullable String code,
    long retryAfterSeconds) {
  private static final String INVALID_REQUEST = "invalid_request_error";
  private static final String SERVER_ERROR = "server_error";
  private static final long UNAVAILABLE_RETRY_SECONDS = 5;
  private static final long MS_PER_SECOND = 1_000;

  /**
   * @param promptParam the parameter that holds the endpoint's prompt
   */
  public static ApiError of(Failure failure, String promptParam) {
    String message = failure.message();
    return switch (failure) {
      case Failure.InvalidRequest(String _, String param, String code) ->
          new ApiError(400, message, INVALID_REQUEST, param, code, 0);
      case Failure.ContextLengthExceeded _ ->
          new ApiError(400, message, INVALID_REQUEST, promptParam, "context_length_exceeded", 0);
      case Failure.ModelNotFound _ ->
          new ApiError(404, message, INVALID_REQUEST, "model", "model_not_found", 0);
      case Failure.Overloaded(String _, long retryAfterMs) ->
          new ApiError(
              429, message, "overloaded_error", null, "overloaded", wholeSeconds(retryAfterMs));
      case Failure.Unauthorized _ ->
          new ApiError(401, message, INVALID_REQUEST, null, "invalid_api_key", 0);
      case Failure.Forbidden _ -> new ApiError(403, message, INVALID_REQUEST, null, "forbidden", 0);
      case Failure.RateLimited(String _, long retryAfterMs) ->
          new ApiError(
              429,
              message,
              "rate_limit_error",
              null,
              "rate_limit_exceeded",
              wholeSeconds(retryAfterMs));
      case Failure.BudgetSpent(String _, long retryAfterMs) ->
          new ApiError(
              429,
              message,
              "insufficient_quota",
              null,
              "insufficient_quota",
              wholeSeconds(retryAfterMs));
      case Failure.TimedOut _ -> new ApiError(504, message, "timeout_error", null, "timeout", 0);
      case Failure.EngineFailed _ ->
          new ApiError(500, message, SERVER_ERROR, null, "engine_failed", 0);
      case Failure.Unavailable _ ->
          new ApiError(503, message, SERVER_ERROR, null, "unavailable", UNAVAILABLE_RETRY_SECONDS);
      case Failure.UpstreamFailed _ ->
          new ApiError(502, message, SERVER_ERROR, null, "upstream_failed", 0);
      case Failure.UpstreamRejected(int status, String _, String type, String param, String code) ->
          new ApiError(status, message, type, param, code, 0);
      case Failure.Cancelled _ -> new ApiError(499, message, INVALID_REQUEST, null, "cancelled", 0);
    };
  }

  /** A request that fails before it reaches an endpoint. */
  public static ApiError invalid(int status, String message, String code) {
    return new ApiError(status, message, INVALID_REQUEST, null, code, 0);
  }

  /** A fault of this server. */
  public static ApiError internal() {
    return new ApiError(
        500, "The server failed on this request; see its log.", SERVER_ERROR, null, null, 0);
  }

  private static long wholeSeconds(long ms) {
    return Math.max(1, Math.ceilDiv(ms, MS_PER_SECOND));
  }

  public String json() {
    return JsonText.object(this::writeTo);
  }

  /** As the last event of a stream that had begun. */
  public String event() {
    return JsonText.event(this::writeTo);
  }

  private void writeTo(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("error");
    json.writeStringField("message", message);
    json.writeStringField("type", type);
    json.writeStringField("param", param);
    json.writeStringField("code", code);
    json.writeEndObject();
  }
}
