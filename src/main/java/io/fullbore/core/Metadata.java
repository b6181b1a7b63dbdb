package io.fullbore.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The key-value section of a model file as typed, checked look-ups. Read by everything that is
 * configured by the model file: architecture, vocabulary, chat template.
 *
 * <p>Values are {@link Long} (every integer type), {@link Double} (every floating type), {@link
 * Boolean}, {@link String}, or an array {@code long[]}, {@code float[]}, {@code boolean[]}, {@code
 * String[]}. Immutable as long as nobody writes into the arrays. A key of another type than asked
 * for is a {@link ModelFormatException}.
 */
public final class Metadata {
  private final Map<String, Object> values;

  /** Keeps the order of {@code values}. */
  public Metadata(Map<String, Object> values) {
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** All keys and values in file order. */
  public Map<String, Object> values() {
    return values;
  }

  public boolean has(String key) {
    return values.containsKey(key);
  }

  public Optional<String> string(String key) {
    return Optional.ofNullable(get(key, String.class));
  }

  public String requireString(String key) {
    return string(key).orElseThrow(() -> missing(key));
  }

  public long integer(String key, long fallback) {
    Long value = get(key, Long.class);
    return value == null ? fallback : value;
  }

  /** An integer that must be there and lie in {@code [min, max]}. */
  public int requireInteger(String key, int min, int max) {
    Long value = get(key, Long.class);
    if (value == null) {
      throw missing(key);
    }
    return checkRange(key, value, min, max);
  }

  /** An integer that lies in {@code [min, max]} where it is there, or else the fallback. */
  public int integer(String key, int fallback, int min, int max) {
    Long value = get(key, Long.class);
    return value == null ? fallback : checkRange(key, value, min, max);
  }

  /** A number; integers count as numbers. */
  public double number(String key, double fallback) {
    Object value = values.get(key);
    return switch (value) {
      case null -> fallback;
      case Double number -> number;
      case Long integer -> integer;
      default -> throw wrongType(key, Double.class, value);
    };
  }

  public boolean flag(String key, boolean fallback) {
    Boolean value = get(key, Boolean.class);
    return value == null ? fallback : value;
  }

  public Optional<String[]> strings(String key) {
    return Optional.ofNullable(get(key, String[].class));
  }

  public Optional<long[]> integers(String key) {
    return Optional.ofNullable(get(key, long[].class));
  }

  public Optional<float[]> numbers(String key) {
    return Optional.ofNullable(get(key, float[].class));
  }

  private <T> @Nullable T get(String key, Class<T> type) {
    Object value = values.get(key);
    if (value == null) {
      return null;
    }
    if (!type.isInstance(value)) {
      throw wrongType(key, type, value);
    }
    return type.cast(value);
  }

  private static int checkRange(String key, long value, int min, int max) {
    if (value < min || value > max) {
      throw new ModelFormatException(
          "key=%s value=%d lies outside [%d, %d]".formatted(key, value, min, max));
    }
    return (int) value;
  }

  private static ModelFormatException missing(String key) {
    return new ModelFormatException(
        "key=%s is missing: the file is no complete model".formatted(key));
  }

  private static ModelFormatException wrongType(String key, Class<?> type, Object value) {
    return new ModelFormatException(
        "key=%s has type %s where %s is needed"
            .formatted(key, value.getClass().getSimpleName(), type.getSimpleName()));
  }
}
