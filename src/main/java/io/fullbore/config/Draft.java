package io.fullbore.config;

import io.fullbore.config.FieldType.ListOf;
import io.fullbore.config.FieldType.Nested;
import io.fullbore.config.FieldType.Scalar;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the sources have said so far, right and wrong, by JSON path. Sources of higher priority are
 * read later and overwrite. Owned by one call of {@link ConfigReader#read}.
 */
final class Draft {
  private final Map<String, Object> values = new HashMap<>();
  private final Map<String, Integer> listSizes = new HashMap<>();
  private final Map<String, String> sources = new HashMap<>();
  private final List<Problem> problems = new ArrayList<>();
  private final Set<String> wrong = new HashSet<>();

  /** A value that its row allows. */
  void set(String path, Object value, String source) {
    values.put(path, value);
    sources.put(path, source);
  }

  /** An object stands here; what it lacks is reported as missing from {@code source}. */
  void begin(String path, String source) {
    sources.putIfAbsent(path, source);
  }

  /** A mistake about {@code path}; it explains whatever is missing there. */
  void reject(String path, String source, String message) {
    problems.add(new Problem(path, source, message));
    wrong.add(path);
  }

  /** A mistake that stands at no path of the tree. */
  void rejectName(String source, String message) {
    problems.add(new Problem("$", source, message));
  }

  void rejectValue(String path, String source, String found, FieldType type) {
    reject(path, source, "found %s, allowed: %s".formatted(found, type.allowed()));
  }

  int listSize(String path) {
    return listSizes.getOrDefault(path, 0);
  }

  void resize(String path, int size) {
    listSizes.put(path, size);
  }

  /** Whether a source was wrong about this very path or about something that holds it. */
  boolean isWrong(String path) {
    return wrong.stream().anyMatch(mistake -> holds(mistake, path));
  }

  private boolean holdsMistake(String path) {
    return wrong.stream().anyMatch(mistake -> holds(path, mistake));
  }

  private static boolean holds(String outer, String path) {
    return path.startsWith(outer)
        && (path.length() == outer.length() || ".[".indexOf(path.charAt(outer.length())) >= 0);
  }

  /**
   * The record tree of everything said.
   *
   * @throws ConfigException when anything was rejected or is missing
   */
  <T extends Record> T build(Section<T> section) throws ConfigException {
    Optional<T> built = build(section, "$");
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    return built.orElseThrow();
  }

  /**
   * Empty when a scalar of the section itself is wrong or missing, or a list lacks an element that
   * is: its own rules can't be told.
   */
  private <T extends Record> Optional<T> build(Section<T> section, String path) {
    Map<String, @Nullable Object> components = new HashMap<>();
    boolean sound = true;
    for (Field field : section.fields()) {
      String child = path + "." + field.name();
      components.put(field.name(), component(field, child, path));
      sound &=
          switch (field.type()) {
            case Scalar _ -> !isWrong(child);
            case ListOf _ -> !holdsMistake(child);
            case Nested _ -> true;
          };
    }
    if (!sound) {
      return Optional.empty();
    }
    try {
      return Optional.of(section.create(field -> components.get(field.name())));
    } catch (IllegalArgumentException e) {
      String place = e instanceof InvalidFieldException at ? path + "." + at.field() : path;
      reject(place, sourceOf(place), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /** Who said the innermost thing that holds this path. */
  private String sourceOf(String path) {
    String inner = path;
    while (!inner.isEmpty()) {
      String source = sources.get(inner);
      if (source != null) {
        return source;
      }
      inner =
          inner.substring(0, Math.max(0, Math.max(inner.lastIndexOf('.'), inner.lastIndexOf('['))));
    }
    return "all sources together";
  }

  /** The value of a row; a wrong section counts as its defaults, so that the rest is checked. */
  private @Nullable Object component(Field field, String path, String parent) {
    return switch (field.type()) {
      case Nested nested -> buildOrDefaults(nested.section(), path);
      case ListOf list -> {
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < listSize(path); i++) {
          build(list.section(), path + "[" + i + "]").ifPresent(elements::add);
        }
        yield elements;
      }
      case Scalar scalar -> {
        Object value = values.getOrDefault(path, field.fallback());
        if (value == null && field.presence() == Field.Presence.REQUIRED && !isWrong(path)) {
          String source = sources.getOrDefault(parent, "no source");
          reject(path, source, "missing, required: " + scalar.allowed());
        }
        yield value;
      }
    };
  }

  private <T extends Record> T buildOrDefaults(Section<T> section, String path) {
    return build(section, path).orElseGet(section::defaults);
  }
}
