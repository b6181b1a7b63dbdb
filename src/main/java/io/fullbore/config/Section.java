package io.fullbore.config;

import io.fullbore.config.FieldType.ListOf;
import io.fullbore.config.FieldType.Nested;
import io.fullbore.config.FieldType.Scalar;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one record of the configuration, in the order of its components. A row whose name is
 * not that of its component is a bug that shows at class initialization.
 *
 * @param <T> the record
 */
final class Section<T extends Record> {
  private final Class<T> type;
  private final String doc;
  private final List<Field> fields;
  private final Constructor<T> constructor;

  private Section(Class<T> type, String doc, List<Field> fields, Constructor<T> constructor) {
    this.type = type;
    this.doc = doc;
    this.fields = fields;
    this.constructor = constructor;
  }

  static <T extends Record> Section<T> of(Class<T> type, String doc, Field... fields) {
    RecordComponent[] components = type.getRecordComponents();
    List<String> names = Arrays.stream(components).map(RecordComponent::getName).toList();
    List<Field> rows = List.of(fields);
    if (!names.equals(rows.stream().map(Field::name).toList())) {
      throw new IllegalStateException("rows of %s must be named %s".formatted(type, names));
    }
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return new Section<>(type, doc, rows, type.getDeclaredConstructor(types));
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("a record has its canonical constructor", e);
    }
  }

  String doc() {
    return doc;
  }

  List<Field> fields() {
    return fields;
  }

  Optional<Field> field(String name) {
    return fields.stream().filter(field -> field.name().equals(name)).findFirst();
  }

  /**
   * For the record's compact constructor: checks values given in the order of the rows.
   *
   * @throws IllegalArgumentException naming the first value that its row does not allow
   */
  void check(@Nullable Object... values) {
    for (int i = 0; i < values.length; i++) {
      Field field = fields.get(i);
      Object value = values[i];
      boolean absent = value == null && field.presence() == Field.Presence.OPTIONAL;
      if (field.type() instanceof Scalar scalar
          && !absent
          && (value == null || !scalar.allows(value))) {
        throw new IllegalArgumentException(
            "%s.%s=%s, allowed: %s"
                .formatted(type.getSimpleName(), field.name(), value, scalar.allowed()));
      }
    }
  }

  /** The record with every value at its default, and empty lists. */
  T defaults() {
    return create(
        field ->
            switch (field.type()) {
              case Nested nested -> nested.section().defaults();
              case ListOf _ -> List.of();
              case Scalar _ -> field.fallback();
            });
  }

  /**
   * Calls the canonical constructor with one value per row; whole numbers are given as Long.
   *
   * @throws IllegalArgumentException what the record's own check says
   */
  T create(Function<Field, @Nullable Object> valueOf) {
    Class<?>[] types = constructor.getParameterTypes();
    @Nullable Object[] values = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      Object value = valueOf.apply(fields.get(i));
      values[i] = value instanceof Long number && types[i] == int.class ? toInt(number) : value;
    }
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException mistake) {
        throw mistake;
      }
      throw new IllegalStateException("cannot create " + type, e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot create " + type, e);
    }
  }

  private static Object toInt(long number) {
    return Math.toIntExact(number);
  }
}
