package io.fullbore.chat.jinja;

/**
 * A piece of template source.
 *
 * @param text the name, operator or unescaped string; digits of a number; template data
 * @param line from 1
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    VARIABLE_BEGIN,
    VARIABLE_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  String describe() {
    return switch (kind) {
      case END -> "end of template";
      case VARIABLE_END -> "'}}'";
      case BLOCK_END -> "'%}'";
      case VARIABLE_BEGIN -> "'{{'";
      case BLOCK_BEGIN -> "'{%'";
      case DATA -> "template text";
      case STRING -> "a string";
      case NAME, INTEGER, FLOAT, OPERATOR -> "'" + text + "'";
    };
  }
}
