package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fullbore.core.Constraint;
import io.fullbore.serving.CompletionCall.Guidance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a request says of its answer's text: {@code response_format}, and the extensions
 * {@code guided_json}, {@code guided_regex}, {@code guided_choice} and {@code guided_grammar} or
 * {@code grammar}, of which there may be one. Whether the schema or the rules are right is found
 * out where they are compiled.
 */
final class GuidanceReader {
  private static final int MAX_CHOICES = 100_000;

  private final JsonFields fields;

  GuidanceReader(JsonFields fields) {
    this.fields = fields;
  }

  /** Null where nothing is said. */
  @Nullable Guidance read() {
    List<Guidance> given = new ArrayList<>();
    add(given, "response_format", responseFormat());
    add(given, "guided_json", guidedJson());
    add(given, "guided_regex", text("guided_regex", Constraint.Kind.REGEX));
    add(given, "guided_choice", guidedChoice());
    add(given, "guided_grammar", text("guided_grammar", Constraint.Kind.GBNF));
    add(given, "grammar", text("grammar", Constraint.Kind.GBNF));
    if (given.size() > 1) {
      Guidance second = given.get(1);
      throw fields
          .require(second.param())
          .invalid("it cannot stand beside '%s'; give one.".formatted(given.getFirst().param()));
    }
    return given.isEmpty() ? null : given.getFirst();
  }

  private static void add(List<Guidance> to, String param, @Nullable Constraint constraint) {
    if (constraint != null) {
      to.add(new Guidance(constraint, param));
    }
  }

  private @Nullable Constraint responseFormat() {
    JsonValue format = fields.get("response_format");
    if (format == null) {
      return null;
    }
    JsonFields inner = format.fields();
    String type = inner.require("type").oneOf("text", "json_object", "json_schema");
    Constraint constraint =
        switch (type) {
          case "json_object" -> Constraint.jsonObject();
          case "json_schema" -> jsonSchema(inner.require("json_schema").fields());
          default -> null;
        };
    inner.finish();
    return constraint;
  }

  /** Answers are kept to the schema whether or not it is called strict. */
  private static Constraint jsonSchema(JsonFields format) {
    format.string("name");
    format.string("description");
    format.flag("strict", false);
    JsonValue schema = format.get("schema");
    format.finish();
    return schema == null ? Constraint.jsonObject() : schema(schema);
  }

  private static Constraint schema(JsonValue schema) {
    schema.require(schema.node().isObject() || schema.node().isBoolean(), "a JSON schema");
    return new Constraint(Constraint.Kind.JSON_SCHEMA, schema.node().toString());
  }

  /** A schema, or its text. */
  private @Nullable Constraint guidedJson() {
    JsonValue schema = fields.get("guided_json");
    if (schema == null) {
      return null;
    }
    return schema.node().isTextual()
        ? new Constraint(Constraint.Kind.JSON_SCHEMA, schema.text())
        : schema(schema);
  }

  private @Nullable Constraint text(String name, Constraint.Kind kind) {
    JsonValue source = fields.get(name);
    return source == null ? null : new Constraint(kind, source.text());
  }

  private @Nullable Constraint guidedChoice() {
    JsonValue choices = fields.get("guided_choice");
    if (choices == null) {
      return null;
    }
    List<JsonValue> elements = choices.elements();
    if (elements.isEmpty() || elements.size() > MAX_CHOICES) {
      throw choices.invalid("expected 1 to %d strings.".formatted(MAX_CHOICES));
    }
    ArrayNode texts = JsonNodeFactory.instance.arrayNode();
    elements.forEach(element -> texts.add(element.text()));
    return new Constraint(Constraint.Kind.CHOICE, texts.toString());
  }
}
