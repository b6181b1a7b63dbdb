package io.fullbore.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** What may stand at one key of the configuration. */
sealed interface FieldType {
  /** What is allowed, in words that follow "allowed:". */
  String allowed();

  /** One value that both a JSON file and a line of text can state. */
  sealed interface Scalar extends FieldType {
    /** The value, or empty when the text states none that is allowed. */
    Optional<Object> parse(String text);

    /** The value, or empty when the node holds none that is allowed. */
    Optional<Object> parse(JsonNode node);

    /** Whether a value that code passes to a record is allowed. */
    boolean allows(Object value);

    /** The value as it is written in the configuration file, without quotes. */
    default String format(Object value) {
      return value.toString();
    }
  }

  /** Any text but an empty or blank one. */
  record Text() implements Scalar {
    @Override
    public String allowed() {
      return "a text that is not empty";
    }

    @Override
    public Optional<Object> parse(String text) {
      return text.isBlank() ? Optional.empty() : Optional.of(text);
    }

    @Override
    public Optional<Object> parse(JsonNode node) {
      return node.isTextual() ? parse(node.textValue()) : Optional.empty();
    }

    @Override
    public boolean allows(Object value) {
      return value instanceof String text && !text.isBlank();
    }
  }

  /** {@code true} or {@code false}. */
  record Flag() implements Scalar {
    @Override
    public String allowed() {
      return "true or false";
    }

    @Override
    public Optional<Object> parse(String text) {
      return switch (text) {
        case "true" -> Optional.of(true);
        case "false" -> Optional.of(false);
        default -> Optional.empty();
      };
    }

    @Override
    public Optional<Object> parse(JsonNode node) {
      return node.isBoolean() ? Optional.of(node.booleanValue()) : Optional.empty();
    }

    @Override
    public boolean allows(Object value) {
      return value instanceof Boolean;
    }
  }

  /** One of the constants of an enum, written in lower case. */
  record Choice(List<? extends Enum<?>> constants) implements Scalar {
    @Override
    public String allowed() {
      return constants.stream()
          .map(constant -> '"' + format(constant) + '"')
          .collect(Collectors.joining(", "));
    }

    @Override
    public Optional<Object> parse(String text) {
      return constants.stream()
          .filter(constant -> format(constant).equals(text))
          .findFirst()
          .map(Object.class::cast);
    }

    @Override
    public Optional<Object> parse(JsonNode node) {
      return node.isTextual() ? parse(node.textValue()) : Optional.empty();
    }

    @Override
    public boolean allows(Object value) {
      return constants.contains(value);
    }

    @Override
    public String format(Object value) {
      return value.toString().toLowerCase(Locale.ROOT);
    }

    static Choice of(Class<? extends Enum<?>> type) {
      return new Choice(Arrays.asList(type.getEnumConstants()));
    }
  }

  /** What a whole number counts. */
  enum Unit {
    /** Things, or milliseconds: digits only. */
    COUNT,
    /** Bytes: digits, or a text with a unit such as {@code "8MiB"}. */
    BYTES
  }

  /** A whole number from {@code min} to {@code max}, both included. */
  record Whole(long min, long max, Unit unit, boolean powerOfTwo) implements Scalar {
    @Override
    public String allowed() {
      String range = "from %s to %s".formatted(format(min), format(max));
      return switch (unit) {
        case COUNT -> (powerOfTwo ? "a power of two " : "a whole number ") + range;
        case BYTES -> "a size " + range;
      };
    }

    @Override
    public Optional<Object> parse(String text) {
      OptionalLong number =
          switch (unit) {
            case COUNT -> digits(text);
            case BYTES -> ByteSize.parse(text);
          };
      return number.isPresent() ? inRange(number.getAsLong()) : Optional.empty();
    }

    @Override
    public Optional<Object> parse(JsonNode node) {
      if (node.isTextual()) {
        return unit == Unit.BYTES ? parse(node.textValue()) : Optional.empty();
      }
      return node.isIntegralNumber() && node.canConvertToLong()
          ? inRange(node.longValue())
          : Optional.empty();
    }

    @Override
    public boolean allows(Object value) {
      return value instanceof Number number && inRange(number.longValue()).isPresent();
    }

    @Override
    public String format(Object value) {
      return switch (unit) {
        case COUNT -> value.toString();
        case BYTES -> ByteSize.format(((Number) value).longValue());
      };
    }

    private Optional<Object> inRange(long value) {
      boolean shaped = !powerOfTwo || Long.bitCount(value) == 1;
      return value >= min && value <= max && shaped ? Optional.of(value) : Optional.empty();
    }

    private static OptionalLong digits(String text) {
      return text.matches("-?\\d{1,18}")
          ? OptionalLong.of(Long.parseLong(text))
          : OptionalLong.empty();
    }
  }

  /** An object with the keys of a section. */
  record Nested(Section<?> section) implements FieldType {
    @Override
    public String allowed() {
      return "an object with the keys "
          + section.fields().stream().map(Field::name).collect(Collectors.joining(", "));
    }
  }

  /** A list, each element of which is an object with the keys of a section. */
  record ListOf(Section<?> section) implements FieldType {
    @Override
    public String allowed() {
      return "a list, each element " + new Nested(section).allowed();
    }
  }
}
