package io.fullbore.engine;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** The answer to {@link BatchMessage.Submit}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(Admission.Accepted.class),
  @JsonSubTypes.Type(Admission.Refused.class)
})
public sealed interface Admission {
  /** All requests are queued; each will end in one terminal event. */
  record Accepted() implements Admission {}

  /** No request was taken: the queue is full. */
  record Refused(String reason, long retryAfterMs) implements Admission {}
}
