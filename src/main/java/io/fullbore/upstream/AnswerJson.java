package io.fullbore.upstream;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;

/** JSON as it goes to upstreams and comes from them. Errors quote nothing of it. */
final class AnswerJson {
  private static final ObjectMapper MAPPER = mapper();

  private AnswerJson() {}

  private static ObjectMapper mapper() {
    JsonMapper mapper = JsonMapper.builder().build();
    mapper
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder()
                .maxStringLength(Integer.MAX_VALUE) // the answer's length is bounded already
                .build());
    return mapper;
  }

  /** Reads token by token; readers may ask for trees. */
  static JsonParser parser(String json) throws IOException {
    return MAPPER.createParser(json);
  }

  static JsonParser parser(JsonNode tree) {
    return tree.traverse(MAPPER);
  }

  /**
   * @throws BrokenAnswerException where it is none
   */
  static JsonNode read(String json) throws BrokenAnswerException {
    try (JsonParser parser = parser(json)) {
      JsonNode tree = parser.readValueAsTree();
      if (tree == null || parser.nextToken() != null) {
        throw malformed();
      }
      return tree;
    } catch (JsonProcessingException e) {
      throw malformed();
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  static BrokenAnswerException malformed() {
    return new BrokenAnswerException("sent malformed JSON");
  }

  /** As text first: half a surrogate pair, which a caller's own text may hold, is replaced. */
  static Buffer bytes(JsonNode body) {
    return Buffer.buffer(text(body));
  }

  static String text(JsonNode body) {
    try {
      return MAPPER.writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always JSON", e);
    }
  }
}
