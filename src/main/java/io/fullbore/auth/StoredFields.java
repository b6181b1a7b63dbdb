package io.fullbore.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one kept object, read by type. A field that nobody asked for is a mistake: a
 * misspelt limit would be no limit. A null counts as absent.
 */
final class StoredFields {
  private final JsonNode object;
  private final String place;
  private final Set<String> known = new HashSet<>();

  /**
   * @param place where the object stands, for messages
   */
  StoredFields(JsonNode object, String place) throws MalformedKeyException {
    this.object = object;
    this.place = place;
    if (!object.isObject()) {
      throw new MalformedKeyException(place, "expected an object");
    }
  }

  private @Nullable JsonNode get(String name) {
    known.add(name);
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  MalformedKeyException mistake(String name, String why) {
    return new MalformedKeyException(place + "." + name, why);
  }

  String text(String name) throws MalformedKeyException {
    JsonNode value = get(name);
    if (value == null || !isText(value)) {
      throw mistake(name, "expected a string of 1 to %d characters".formatted(KeySpec.MAX_CHARS));
    }
    return value.textValue();
  }

  private static boolean isText(JsonNode value) {
    return value.isTextual() && KeySpec.isText(value.textValue());
  }

  Set<String> texts(String name) throws MalformedKeyException {
    JsonNode list = get(name);
    Set<String> texts = new HashSet<>();
    if (list == null) {
      return texts;
    }
    if (!list.isArray() || list.size() > KeySpec.MAX_ELEMENTS) {
      throw mistake(name, "expected a list of at most %d strings".formatted(KeySpec.MAX_ELEMENTS));
    }
    for (JsonNode value : list) {
      if (!isText(value)) {
        throw mistake(name, "expected a list of strings, none of them blank");
      }
      texts.add(value.textValue());
    }
    return texts;
  }

  /** 0 where it is absent. */
  long number(String name) throws MalformedKeyException {
    JsonNode value = get(name);
    if (value == null) {
      return 0;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 0
        || value.longValue() > KeySpec.MAX_ALLOWANCE) {
      throw mistake(name, "expected a whole number from 0 to %d".formatted(KeySpec.MAX_ALLOWANCE));
    }
    return value.longValue();
  }

  boolean flag(String name, boolean fallback) throws MalformedKeyException {
    JsonNode value = get(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw mistake(name, "expected true or false");
    }
    return value.booleanValue();
  }

  /** Null where it is absent. */
  @Nullable StoredFields object(String name) throws MalformedKeyException {
    JsonNode value = get(name);
    return value == null ? null : new StoredFields(value, place + "." + name);
  }

  boolean has(String name) {
    return get(name) != null;
  }

  /** Refuses a field that nobody asked for; call last. */
  void finish() throws MalformedKeyException {
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      if (!known.contains(names.next())) {
        throw new MalformedKeyException(
            place,
            "has a field that is none of " + String.join(", ", known.stream().sorted().toList()));
      }
    }
  }
}
