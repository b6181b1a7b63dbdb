package io.fullbore.cache;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * The digest of all that shapes an answer: SHA-256 over a canonical form of the request's body, in
 * which the order of names and the spelling of numbers and strings do not matter (but in tools and
 * template variables, which templates print, and in schemas), and everything else does: fields that
 * nobody knows, and whether a field is null or absent. The texts of messages are stripped at their
 * ends, as in the source of the design; nothing else is cleaned.
 *
 * <pre>
 *   value  := 'n' | 't' | 'f' | '#' number ';' | '"' length ':' text | '[' value* ']' | '{' field* '}'
 *   field  := '"' length ':' name value                                 in the order of names
 * </pre>
 *
 * <p>Lengths stand before texts, so no text can pretend to be structure.
 */
public final class CanonicalRequest {
  /** How an answer is delivered, who asks and what for: part of the scope or of nothing. */
  private static final Set<String> LABELS =
      Set.of(
          "stream", "stream_options", "user", "metadata", "safety_identifier", "prompt_cache_key");

  /**
   * What templates print as it is written, and schemas, whose properties the answer has in their
   * order: here the order of names shapes the answer.
   */
  private static final Set<String> RENDERED =
      Set.of("tools", "chat_template_kwargs", "response_format", "guided_json");

  private CanonicalRequest() {}

  /** The digest of a request's body, 32 bytes. */
  public static byte[] digest(JsonNode body) {
    var text = new StringBuilder(1024);
    writeBody(text, body);
    return sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The hash of a request to one model version.
   *
   * @param endpoint the path that was called
   * @param version digest of weights, template and settings
   * @param body what {@link #digest} gave
   * @return 64 hex digits
   */
  public static String hash(String endpoint, String version, byte[] body) {
    MessageDigest sha256 = sha256();
    sha256.update((endpoint + '\n' + version + '\n').getBytes(StandardCharsets.UTF_8));
    sha256.update(body);
    return HexFormat.of().formatHex(sha256.digest());
  }

  /** SHA-256, 64 hex digits. */
  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void writeBody(StringBuilder to, JsonNode body) {
    to.append('{');
    for (String name : names(body)) {
      if (!LABELS.contains(name)) {
        writeText(to, name);
        if (RENDERED.contains(name)) {
          writeText(to, body.get(name).toString());
        } else {
          write(to, body.get(name), name.equals("messages"));
        }
      }
    }
    to.append('}');
  }

  /**
   * @param messages whether these are messages, or what is in them, so that texts are stripped
   */
  private static void write(StringBuilder to, JsonNode node, boolean messages) {
    switch (node.getNodeType()) {
      case OBJECT, POJO -> {
        to.append('{');
        for (String name : names(node)) {
          JsonNode value = node.get(name);
          writeText(to, name);
          if (messages && value.isTextual() && (name.equals("content") || name.equals("text"))) {
            writeText(to, value.textValue().strip());
          } else {
            write(to, value, messages && name.equals("content"));
          }
        }
        to.append('}');
      }
      case ARRAY -> {
        to.append('[');
        for (JsonNode element : node) {
          write(to, element, messages);
        }
        to.append(']');
      }
      case STRING, BINARY -> writeText(to, node.asText());
      case NUMBER -> to.append('#').append(number(node)).append(';');
      case BOOLEAN -> to.append(node.booleanValue() ? 't' : 'f');
      case NULL, MISSING -> to.append('n');
    }
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>(object.size());
    object.fieldNames().forEachRemaining(names::add);
    names.sort(null);
    return names;
  }

  /** Without exponent and trailing zeros; what is too great for a double stays as it is read. */
  private static String number(JsonNode node) {
    if (node.isIntegralNumber()) {
      return node.bigIntegerValue().toString();
    }
    return Double.isFinite(node.doubleValue())
        ? node.decimalValue().stripTrailingZeros().toPlainString()
        : node.asText();
  }

  private static void writeText(StringBuilder to, String text) {
    to.append('"').append(text.length()).append(':').append(text);
  }
}
