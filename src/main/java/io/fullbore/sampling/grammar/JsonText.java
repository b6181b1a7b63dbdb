package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Reads a source that is JSON. Numbers keep all their digits. */
final class JsonText {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private JsonText() {}

  static JsonNode parse(String source) {
    try {
      return MAPPER.readTree(source);
    } catch (JsonProcessingException e) {
      throw new GrammarException("it is not valid JSON: " + e.getOriginalMessage());
    }
  }
}
