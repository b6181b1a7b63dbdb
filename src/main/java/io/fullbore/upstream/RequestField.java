package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.fullbore.core.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A value of a caller's request and where it stands, read by type. A null counts as absent. What
 * cannot be translated is a {@link MisfitException} that names the place as OpenAI does: {@code
 * messages[0].role}.
 *
 * @param path empty for the body itself
 */
record RequestField(String path, JsonNode json) {
  /** The value of an object's field; no matter whether it is there. */
  RequestField field(String name) {
    return new RequestField(path.isEmpty() ? name : path + "." + name, json.path(name));
  }

  boolean isAbsent() {
    return json.isMissingNode() || json.isNull();
  }

  boolean isText() {
    return json.isTextual();
  }

  String text() {
    require(json.isTextual(), "a string");
    return json.textValue();
  }

  double number() {
    require(json.isNumber(), "a number");
    return json.doubleValue();
  }

  boolean flag() {
    require(json.isBoolean(), "a boolean");
    return json.booleanValue();
  }

  /** Empty where the field is absent. */
  List<RequestField> elements() {
    if (isAbsent()) {
      return List.of();
    }
    require(json.isArray(), "an array");
    List<RequestField> elements = new ArrayList<>(json.size());
    for (JsonNode element : json) {
      elements.add(new RequestField(path + "[" + elements.size() + "]", element));
    }
    return elements;
  }

  /** The names of an object's fields, but of those that are null. */
  List<String> names() {
    require(json.isObject(), "an object");
    List<String> names = new ArrayList<>(json.size());
    json.fieldNames().forEachRemaining(names::add);
    names.removeIf(name -> json.path(name).isNull());
    return names;
  }

  /** Refuses an object with other fields: none is ever dropped in silence. */
  void hasOnly(Set<String> known) {
    for (String name : names()) {
      if (!known.contains(name)) {
        throw field(name).unsupported();
      }
    }
  }

  /** Refuses what no target could answer. */
  void require(boolean condition, String expected) {
    if (isAbsent()) {
      throw misfit(
          "Missing required parameter: '%s'.".formatted(path), "missing_required_parameter", false);
    }
    if (!condition) {
      throw misfit(
          "Invalid type for '%s': expected %s.".formatted(path, expected), "invalid_type", false);
    }
  }

  /** A parameter without counterpart in the upstream's API; another target may have one. */
  MisfitException unsupported() {
    return misfit(
        "Unsupported parameter: '%s' cannot be passed on to this model's API.".formatted(path),
        "unsupported_parameter",
        true);
  }

  /** A value without counterpart in the upstream's API; another target may have one. */
  MisfitException unsupportedValue(String why) {
    return misfit("Unsupported value for '%s': %s".formatted(path, why), "unsupported_value", true);
  }

  private MisfitException misfit(String message, String code, boolean elsewhere) {
    return new MisfitException(
        new Failure.InvalidRequest(message, path.isEmpty() ? null : path, code), elsewhere);
  }
}
