package io.fullbore.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.upstream.ForwardedCall.Endpoint;

/** Requests to forward, from their JSON. */
final class Calls {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Calls() {}

  static ForwardedCall chat(String body) {
    return call(Endpoint.CHAT_COMPLETIONS, body);
  }

  static ForwardedCall text(String body) {
    return call(Endpoint.COMPLETIONS, body);
  }

  private static ForwardedCall call(Endpoint endpoint, String body) {
    ObjectNode object = object(body);
    return new ForwardedCall(
        endpoint,
        object,
        object.path("stream").asBoolean(),
        object.path("stream_options").path("include_usage").asBoolean(),
        object.path("n").asInt(1),
        null,
        body.length());
  }

  static ObjectNode object(String json) {
    try {
      return (ObjectNode) MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }
}
