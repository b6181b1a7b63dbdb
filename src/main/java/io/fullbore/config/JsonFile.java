package io.fullbore.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.config.FieldType.ListOf;
import io.fullbore.config.FieldType.Nested;
import io.fullbore.config.FieldType.Scalar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The configuration file: strict JSON (RFC 8259), read against the schema into a {@link Draft}. */
final class JsonFile {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();
  private static final int SHOWN_CHARS = 60;

  private final Path file;
  private final Draft draft;
  private final Map<String, JsonLocation> locations = new HashMap<>();

  private JsonFile(Path file, Draft draft) {
    this.file = file;
    this.draft = draft;
  }

  /** Puts everything that the file says into the draft; a file that cannot be read is a mistake. */
  static void read(Path file, Section<?> section, Draft draft) {
    new JsonFile(file, draft).read(section);
  }

  private void read(Section<?> section) {
    try (JsonParser parser = MAPPER.createParser(Files.readAllBytes(file))) {
      if (parser.nextToken() == null) {
        draft.reject("$", file.toString(), "the file is empty, allowed: a JSON object");
        return;
      }
      JsonNode root = tree(parser, "$");
      parser.nextToken();
      if (parser.currentToken() != null) {
        draft.reject("$", at(parser.currentTokenLocation()), "text after the end of the object");
      }
      takeSection(section, root, "$");
    } catch (JsonProcessingException e) {
      String message = e.getOriginalMessage().lines().findFirst().orElse("");
      draft.reject(
          "$",
          at(e.getLocation()),
          message.contains("comment?")
              ? "malformed JSON: comments are not allowed"
              : "malformed JSON: " + message);
    } catch (NoSuchFileException e) {
      draft.reject("$", file.toString(), "no such file");
    } catch (IOException e) {
      draft.reject("$", file.toString(), "cannot be read: " + e);
    }
  }

  /** Jackson's tree of the current token, with the location of every value noted by path. */
  private JsonNode tree(JsonParser parser, String path) throws IOException {
    locations.putIfAbsent(path, parser.currentTokenLocation());
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        array.add(tree(parser, path + "[" + array.size() + "]"));
      }
      return array;
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return MAPPER.readTree(parser);
    }
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      String child = childPath(path, key);
      JsonLocation keyLocation = parser.currentTokenLocation();
      parser.nextToken();
      JsonNode value = tree(parser, child);
      if (object.putIfAbsent(key, value) != null) {
        draft.reject(child, at(keyLocation), "the key is there twice; keep one");
      }
    }
    return object;
  }

  private void takeSection(Section<?> section, JsonNode node, String path) {
    if (!node.isObject()) {
      draft.rejectValue(path, at(path), shown(node), new Nested(section));
      return;
    }
    draft.begin(path, at(path));
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String child = childPath(path, entry.getKey());
      section
          .field(entry.getKey())
          .ifPresentOrElse(
              field -> take(field, entry.getValue(), child),
              () -> rejectKey(section, entry.getKey(), child));
    }
  }

  private void take(Field field, JsonNode node, String path) {
    switch (field.type()) {
      case Nested nested -> takeSection(nested.section(), node, path);
      case ListOf list -> {
        if (!node.isArray()) {
          draft.rejectValue(path, at(path), shown(node), list);
          return;
        }
        draft.resize(path, node.size());
        for (int i = 0; i < node.size(); i++) {
          takeSection(list.section(), node.get(i), path + "[" + i + "]");
        }
      }
      case Scalar scalar -> {
        if (node.isNull() && field.presence() == Field.Presence.OPTIONAL) {
          return;
        }
        scalar
            .parse(node)
            .ifPresentOrElse(
                value -> draft.set(path, value, at(path)),
                () -> draft.rejectValue(path, at(path), shown(node), scalar));
      }
    }
  }

  private void rejectKey(Section<?> section, String key, String path) {
    String hint =
        Spelling.closest(key, section.fields().stream().map(Field::name).toList())
            .or(() -> Keys.dottedEndingIn(key))
            .map("; did you mean \"%s\"?"::formatted)
            .orElseGet(() -> ", allowed: " + new Nested(section).allowed());
    draft.reject(path, at(path), "unknown key" + hint);
  }

  private static String childPath(String path, String key) {
    return key.matches("[A-Za-z_][A-Za-z0-9_]*")
        ? path + "." + key
        : path + "[" + JsonNodeFactory.instance.textNode(key) + "]";
  }

  private static String shown(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "a list";
      default -> {
        String json = node.toString();
        yield json.length() <= SHOWN_CHARS ? json : json.substring(0, SHOWN_CHARS) + "…";
      }
    };
  }

  private String at(String path) {
    return at(locations.get(path));
  }

  private String at(@Nullable JsonLocation location) {
    return location == null
        ? file.toString()
        : "%s line %d column %d".formatted(file, location.getLineNr(), location.getColumnNr());
  }
}
