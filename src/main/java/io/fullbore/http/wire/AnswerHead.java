package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What every object of one answer says of it.
 *
 * @param id such as {@code chatcmpl-…}
 * @param createdEpochSeconds when the request came
 * @param model the name that the caller asked for
 * @param fingerprint names the model version that answers
 */
public record AnswerHead(String id, long createdEpochSeconds, String model, String fingerprint) {

  void writeTo(JsonGenerator json, String object) throws IOException {
    json.writeStringField("id", id);
    json.writeStringField("object", object);
    json.writeNumberField("created", createdEpochSeconds);
    json.writeStringField("model", model);
    json.writeStringField("system_fingerprint", fingerprint);
  }

  static void writeUsage(JsonGenerator json, Usage usage) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", usage.promptTokens());
    json.writeNumberField("completion_tokens", usage.completionTokens());
    json.writeNumberField("total_tokens", usage.totalTokens());
    json.writeObjectFieldStart("prompt_tokens_details");
    json.writeNumberField("cached_tokens", usage.cachedTokens());
    json.writeEndObject();
    json.writeObjectFieldStart("completion_tokens_details");
    json.writeNumberField("reasoning_tokens", usage.reasoningTokens());
    json.writeEndObject();
    json.writeEndObject();
  }

  static void writeReason(JsonGenerator json, @Nullable FinishReason reason) throws IOException {
    json.writeStringField(
        "finish_reason",
        switch (reason) {
          case null -> null;
          case STOP -> "stop";
          case LENGTH -> "length";
          case TOOL_CALLS -> "tool_calls";
        });
  }
}
