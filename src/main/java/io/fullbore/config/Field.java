package io.fullbore.config;

import io.fullbore.config.FieldType.Choice;
import io.fullbore.config.FieldType.Flag;
import io.fullbore.config.FieldType.ListOf;
import io.fullbore.config.FieldType.Nested;
import io.fullbore.config.FieldType.Text;
import io.fullbore.config.FieldType.Unit;
import io.fullbore.config.FieldType.Whole;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One row of the schema: a key, what may stand there, what stands there by default, and what it
 * means. The reader, the records' own checks, the reference table and the shipped example all come
 * from these rows.
 *
 * @param fallback the default; null in an {@link Presence#OPTIONAL} or {@link Presence#REQUIRED}
 *     scalar, and in sections and lists
 * @param doc one sentence for the reference
 */
record Field(
    String name, FieldType type, @Nullable Object fallback, Presence presence, String doc) {

  /** What happens when no source states a value. */
  enum Presence {
    /** The default holds. */
    DEFAULTED,
    /** The value is null. */
    OPTIONAL,
    /** That is a mistake. */
    REQUIRED
  }

  static Field text(String name, String fallback, String doc) {
    return new Field(name, new Text(), fallback, Presence.DEFAULTED, doc);
  }

  static Field optionalText(String name, String doc) {
    return new Field(name, new Text(), null, Presence.OPTIONAL, doc);
  }

  static Field requiredText(String name, String doc) {
    return new Field(name, new Text(), null, Presence.REQUIRED, doc);
  }

  static Field flag(String name, boolean fallback, String doc) {
    return new Field(name, new Flag(), fallback, Presence.DEFAULTED, doc);
  }

  static <E extends Enum<E>> Field choice(String name, E fallback, String doc) {
    return new Field(
        name, Choice.of(fallback.getDeclaringClass()), fallback, Presence.DEFAULTED, doc);
  }

  static Field whole(String name, long fallback, long min, long max, String doc) {
    return number(name, fallback, new Whole(min, max, Unit.COUNT, false), doc);
  }

  static Field powerOfTwo(String name, long fallback, long min, long max, String doc) {
    return number(name, fallback, new Whole(min, max, Unit.COUNT, true), doc);
  }

  static Field bytes(String name, long fallback, long min, long max, String doc) {
    return number(name, fallback, new Whole(min, max, Unit.BYTES, false), doc);
  }

  static Field section(String name, Section<?> section) {
    return new Field(name, new Nested(section), null, Presence.DEFAULTED, section.doc());
  }

  static Field list(String name, Section<?> section) {
    return new Field(name, new ListOf(section), null, Presence.DEFAULTED, section.doc());
  }

  private static Field number(String name, long fallback, Whole type, String doc) {
    return new Field(name, type, fallback, Presence.DEFAULTED, doc);
  }

  /** The key as a part of an environment variable: {@code maxBodyBytes} is MAX_BODY_BYTES. */
  static String environmentName(String key) {
    return key.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }
}
