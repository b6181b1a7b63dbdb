package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Token.Kind;
import java.util.List;

/** The parsers' place in the tokens, and how deeply they are nested. */
final class TokenStream {
  private static final int MAX_DEPTH = 100;

  private final List<Token> tokens;
  private int next;
  private int depth;

  /** The last token must be of kind {@link Kind#END}. */
  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(next);
  }

  Token peekSecond() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  Token take() {
    Token token = tokens.get(next);
    if (next < tokens.size() - 1) {
      next++;
    }
    return token;
  }

  boolean at(Kind kind) {
    return peek().kind() == kind;
  }

  boolean atOperator(String operator) {
    return peek().isOperator(operator);
  }

  boolean atName(String name) {
    return peek().isName(name);
  }

  boolean takeOperator(String operator) {
    boolean there = atOperator(operator);
    if (there) {
      take();
    }
    return there;
  }

  boolean takeName(String name) {
    boolean there = atName(name);
    if (there) {
      take();
    }
    return there;
  }

  Token expect(Kind kind, String what) {
    if (!at(kind)) {
      throw error("expected %s, got %s".formatted(what, peek().describe()));
    }
    return take();
  }

  String expectName() {
    return expect(Kind.NAME, "a name").text();
  }

  void expectOperator(String operator) {
    if (!takeOperator(operator)) {
      throw error("expected '%s', got %s".formatted(operator, peek().describe()));
    }
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw error("nested deeper than depth=%d".formatted(MAX_DEPTH));
    }
  }

  void leave() {
    depth--;
  }

  JinjaException error(String message) {
    return JinjaException.syntax(message, peek().line());
  }
}
