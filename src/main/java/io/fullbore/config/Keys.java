package io.fullbore.config;

import io.fullbore.config.FieldType.ListOf;
import io.fullbore.config.FieldType.Nested;
import io.fullbore.config.FieldType.Scalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the rows of the schema by the names that the environment and the command line use. */
final class Keys {
  /** In {@link #dotted}, the place of a list index. */
  static final String INDEX = "N";

  private static final Pattern INDEXED = Pattern.compile("(0|[1-9]\\d{0,3})_(.+)");

  private Keys() {}

  /** Where in a list a key lies, for instance the list {@code $.models} and the index 0. */
  record Index(String listPath, int index) {
    String path() {
      return listPath + "[" + index + "]";
    }
  }

  /**
   * One scalar of the tree.
   *
   * @param path such as {@code $.models[0].path}
   * @param lists the lists on the way to it, the outermost first
   */
  record Key(String path, Scalar type, List<Index> lists) {
    /** As the command line writes it: {@code models.0.path}. */
    String dotted() {
      return path.substring(2).replace("[", ".").replace("]", "");
    }
  }

  /** The scalar that {@code MODELS_0_PATH} names, if any. */
  static Optional<Key> ofEnvironment(String name) {
    return find(ServerConfig.SECTION, name, "$", List.of());
  }

  /** The scalar that {@code models.0.path} or {@code models[0].path} names, if any. */
  static Optional<Key> ofDotted(String name) {
    String dotted = name.replaceAll("\\[(\\d+)]", ".$1");
    StringBuilder environment = new StringBuilder();
    for (String part : dotted.split("\\.", -1)) {
      environment.append(environment.isEmpty() ? "" : "_").append(Field.environmentName(part));
    }
    return ofEnvironment(environment.toString()).filter(key -> key.dotted().equals(dotted));
  }

  /** Every scalar in dotted form, {@link #INDEX} standing for the index of a list. */
  static List<String> dotted() {
    List<String> names = new ArrayList<>();
    collect(ServerConfig.SECTION, "", names);
    return names;
  }

  /** The dotted name whose last part is {@code key}, for a key that stands in the wrong section. */
  static Optional<String> dottedEndingIn(String key) {
    return dotted().stream().filter(name -> name.endsWith("." + key)).findFirst();
  }

  private static Optional<Key> find(
      Section<?> section, String name, String path, List<Index> lists) {
    for (Field field : section.fields()) {
      String own = Field.environmentName(field.name());
      String child = path + "." + field.name();
      if (field.type() instanceof Scalar scalar && name.equals(own)) {
        return Optional.of(new Key(child, scalar, lists));
      }
      if (name.startsWith(own + "_")) {
        Optional<Key> below = findBelow(field, name.substring(own.length() + 1), child, lists);
        if (below.isPresent()) {
          return below;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Key> findBelow(Field field, String rest, String path, List<Index> lists) {
    return switch (field.type()) {
      case Scalar _ -> Optional.empty();
      case Nested nested -> find(nested.section(), rest, path, lists);
      case ListOf list -> {
        Matcher matcher = INDEXED.matcher(rest);
        if (!matcher.matches()) {
          yield Optional.empty();
        }
        List<Index> deeper = new ArrayList<>(lists);
        Index index = new Index(path, Integer.parseInt(matcher.group(1)));
        deeper.add(index);
        yield find(list.section(), matcher.group(2), index.path(), List.copyOf(deeper));
      }
    };
  }

  private static void collect(Section<?> section, String prefix, List<String> names) {
    for (Field field : section.fields()) {
      String name = prefix + field.name();
      switch (field.type()) {
        case Scalar _ -> names.add(name);
        case Nested nested -> collect(nested.section(), name + ".", names);
        case ListOf list -> collect(list.section(), name + "." + INDEX + ".", names);
      }
    }
  }
}
