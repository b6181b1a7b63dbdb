package io.fullbore.config;

/**
 * What a record's own check has against one of its fields. {@link Draft} says where in the tree
 * that is; to code that calls a constructor it is an IllegalArgumentException like the others.
 */
final class InvalidFieldException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /**
   * @param field below the record, such as {@code upstreams[1].name}
   */
  InvalidFieldException(String field, String message) {
    super(message);
    this.field = field;
  }

  String field() {
    return field;
  }
}
