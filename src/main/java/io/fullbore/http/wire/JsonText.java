package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;

/**
 * Writes JSON as text. It is encoded to UTF-8 only when it is sent; so half a surrogate pair, which
 * a caller's own text may hold, is replaced there and breaks no answer.
 */
public final class JsonText {
  /** What is to be written. */
  @FunctionalInterface
  public interface Content {
    void writeTo(JsonGenerator json) throws IOException;
  }

  private static final JsonFactory FACTORY = JsonFactory.builder().build();

  private JsonText() {}

  /** One JSON object whose fields the content writes. */
  public static String object(Content fields) {
    var text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      fields.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return text.toString();
  }

  /** One server-sent event that holds an object. */
  public static String event(Content fields) {
    return "data: " + object(fields) + "\n\n";
  }
}
