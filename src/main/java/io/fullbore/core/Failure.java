package io.fullbore.core;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.jspecify.annotations.Nullable;

/** The expected ways in which a request does not get its answer. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(Failure.InvalidRequest.class),
  @JsonSubTypes.Type(Failure.ContextLengthExceeded.class),
  @JsonSubTypes.Type(Failure.ModelNotFound.class),
  @JsonSubTypes.Type(Failure.Overloaded.class),
  @JsonSubTypes.Type(Failure.Unauthorized.class),
  @JsonSubTypes.Type(Failure.Forbidden.class),
  @JsonSubTypes.Type(Failure.RateLimited.class),
  @JsonSubTypes.Type(Failure.BudgetSpent.class),
  @JsonSubTypes.Type(Failure.TimedOut.class),
  @JsonSubTypes.Type(Failure.EngineFailed.class),
  @JsonSubTypes.Type(Failure.Unavailable.class),
  @JsonSubTypes.Type(Failure.UpstreamFailed.class),
  @JsonSubTypes.Type(Failure.UpstreamRejected.class),
  @JsonSubTypes.Type(Failure.Cancelled.class)
})
public sealed interface Failure {
  /** Says what, where and what to do; safe to show to the caller. */
  String message();

  /**
   * The request itself is wrong.
   *
   * @param param the parameter at fault as the caller wrote it, such as {@code messages[0].role}
   * @param code a machine-readable kind, such as {@code invalid_value}
   */
  record InvalidRequest(String message, @Nullable String param, String code) implements Failure {}

  /** The prompt, or prompt and answer, do not fit the model's context. Nothing is ever cut. */
  record ContextLengthExceeded(int contextTokens, int promptTokens, int completionTokens)
      implements Failure {
    @Override
    public String message() {
      return "This model's maximum context length is %d tokens. However, you requested %d tokens (%d in the prompt, %d in the completion). Please reduce the length of the prompt or of the completion."
          .formatted(
              contextTokens, promptTokens + completionTokens, promptTokens, completionTokens);
    }
  }

  /** No such model is served here. */
  record ModelNotFound(String model, String available) implements Failure {
    @Override
    public String message() {
      return "The model '%s' does not exist here. Available: %s.".formatted(model, available);
    }
  }

  /** Queues are full; try again later. */
  record Overloaded(String message, long retryAfterMs) implements Failure {}

  /** No key, or one that is not known. Never says which key. */
  record Unauthorized(String message) implements Failure {}

  /** The key is known and may not do this. */
  record Forbidden(String message) implements Failure {}

  /** A limit of the key or of its end user is reached for now. */
  record RateLimited(String message, long retryAfterMs) implements Failure {}

  /** The money of the key, of its end user or of everybody is spent until the window ends. */
  record BudgetSpent(String message, long retryAfterMs) implements Failure {}

  /** The request did not finish in its time. */
  record TimedOut(String message) implements Failure {}

  /** The engine failed on this very request. */
  record EngineFailed(String message) implements Failure {}

  /** The server is stopping or the model is being unloaded. */
  record Unavailable(String message) implements Failure {}

  /** An upstream gave no answer, or broke it off. */
  record UpstreamFailed(String message) implements Failure {}

  /**
   * An upstream found the request wrong and says so in its own words.
   *
   * @param status the upstream's, from 400 to 499
   */
  record UpstreamRejected(
      int status, String message, String type, @Nullable String param, @Nullable String code)
      implements Failure {}

  /** The client went away or took the request back. */
  record Cancelled(String message) implements Failure {}
}
