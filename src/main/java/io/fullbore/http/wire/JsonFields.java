package io.fullbore.http.wire;

import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one object of a request. A null counts as absent. Remembers which names were asked
 * for, so that {@link #finish} finds those that nobody knows: nothing is ever ignored in silence.
 */
final class JsonFields {
  private final JsonValue object;
  private final Set<String> known = new HashSet<>();

  JsonFields(JsonValue object) {
    this.object = object;
  }

  /** Null where the field is absent or null. */
  @Nullable JsonValue get(String name) {
    known.add(name);
    JsonValue value = object.field(name);
    return value.node().isMissingNode() || value.node().isNull() ? null : value;
  }

  boolean has(String name) {
    return get(name) != null;
  }

  JsonValue require(String name) {
    JsonValue value = get(name);
    if (value == null) {
      String path = object.field(name).path();
      throw object
          .field(name)
          .mistake(
              "Missing required parameter: '%s'.".formatted(path), "missing_required_parameter");
    }
    return value;
  }

  @Nullable String string(String name) {
    JsonValue value = get(name);
    return value == null ? null : value.string();
  }

  boolean flag(String name, boolean fallback) {
    JsonValue value = get(name);
    return value == null ? fallback : value.flag();
  }

  int integer(String name, int fallback, int min, int max) {
    JsonValue value = get(name);
    return value == null ? fallback : value.integer(min, max);
  }

  @Nullable Integer integer(String name, int min, int max) {
    JsonValue value = get(name);
    return value == null ? null : Integer.valueOf(value.integer(min, max));
  }

  float number(String name, float fallback, double min, double max) {
    JsonValue value = get(name);
    return value == null ? fallback : value.number(min, max);
  }

  /** Empty where the field is absent. */
  List<JsonValue> elements(String name) {
    JsonValue value = get(name);
    return value == null ? List.of() : value.elements();
  }

  /** Refuses parameters that are known to the API and not honoured here. */
  void refuse(String... names) {
    for (String name : names) {
      JsonValue value = get(name);
      if (value != null) {
        throw value.mistake(
            "Unsupported parameter: '%s' is not supported here.".formatted(value.path()),
            "unsupported_parameter");
      }
    }
  }

  /** Takes note of parameters that change nothing here, whatever their value. */
  void ignore(String... names) {
    known.addAll(List.of(names));
  }

  /** Refuses the first parameter that nobody asked for; call last. */
  void finish() {
    for (Iterator<String> names = object.node().fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name) && !object.node().get(name).isNull()) {
        JsonValue value = object.field(name);
        throw value.mistake(
            "Unknown parameter: '%s'.".formatted(value.path()), "unknown_parameter");
      }
    }
  }
}
