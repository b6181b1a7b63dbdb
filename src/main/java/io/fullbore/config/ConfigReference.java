package io.fullbore.config;

import io.fullbore.config.FieldType.Choice;
import io.fullbore.config.FieldType.Flag;
import io.fullbore.config.FieldType.ListOf;
import io.fullbore.config.FieldType.Nested;
import io.fullbore.config.FieldType.Scalar;
import io.fullbore.config.FieldType.Text;
import io.fullbore.config.FieldType.Whole;

/** The reference of the configuration, written from the schema. */
public final class ConfigReference {
  private ConfigReference() {}

  /** A Markdown table with one row per key; ends with a line break. */
  public static String markdown() {
    StringBuilder table =
        new StringBuilder("| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n");
    appendRows(table, ServerConfig.SECTION, "");
    return table.toString();
  }

  /** The shipped {@code config.json}: every key with its default, and empty lists. */
  public static String example() {
    StringBuilder json = new StringBuilder();
    appendObject(json, ServerConfig.SECTION, "");
    return json.append('\n').toString();
  }

  private static void appendRows(StringBuilder table, Section<?> section, String prefix) {
    for (Field field : section.fields()) {
      String key = prefix + field.name();
      switch (field.type()) {
        case Nested nested -> appendRows(table, nested.section(), key + ".");
        case ListOf list -> appendRows(table, list.section(), key + "[].");
        case Scalar scalar ->
            table.append(
                "| `%s` | %s | %s | %s |\n"
                    .formatted(key, fallback(field, scalar), scalar.allowed(), field.doc()));
      }
    }
  }

  private static String fallback(Field field, Scalar scalar) {
    return switch (field.presence()) {
      case DEFAULTED -> "`" + literal(field, scalar) + "`";
      case OPTIONAL -> "";
      case REQUIRED -> "required";
    };
  }

  private static void appendObject(StringBuilder json, Section<?> section, String indent) {
    String inner = indent + "  ";
    String separator = "{\n";
    for (Field field : section.fields()) {
      json.append(separator).append(inner).append('"').append(field.name()).append("\": ");
      switch (field.type()) {
        case Nested nested -> appendObject(json, nested.section(), inner);
        case ListOf _ -> json.append("[]");
        case Scalar scalar -> json.append(literal(field, scalar));
      }
      separator = ",\n";
    }
    json.append('\n').append(indent).append('}');
  }

  private static String literal(Field field, Scalar scalar) {
    Object fallback = field.fallback();
    if (fallback == null) {
      return "null";
    }
    String text = scalar.format(fallback);
    return switch (scalar) {
      case Flag _ -> text;
      case Whole _ -> text.matches("\\d+") ? text : '"' + text + '"';
      case Choice _, Text _ -> '"' + text + '"';
    };
  }
}
