package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Expr.FilterCall;
import io.fullbore.chat.jinja.Stmt.Target;
import io.fullbore.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tokens to statements. Tags that reach outside of the template (include, import, extends) do not
 * exist here.
 */
final class StatementParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Stmt> parse(String source) {
    return new StatementParser(new TokenStream(Lexer.tokenize(source))).body();
  }

  /** Statements up to one of these tags, whose name is then the next token. */
  private List<Stmt> body(String... endTags) {
    tokens.enter();
    List<Stmt> body = new ArrayList<>();
    while (!tokens.at(Kind.END)) {
      Token token = tokens.take();
      switch (token.kind()) {
        case DATA -> body.add(new Stmt.Data(token.line(), Text.ofTemplate(token.text())));
        case VARIABLE_BEGIN -> {
          body.add(new Stmt.Print(token.line(), expressions.tuple()));
          tokens.expect(Kind.VARIABLE_END, "'}}'");
        }
        default -> {
          if (tokens.at(Kind.NAME) && List.of(endTags).contains(tokens.peek().text())) {
            tokens.leave();
            return body;
          }
          body.add(statement(token.line()));
          tokens.expect(Kind.BLOCK_END, "'%}'");
        }
      }
    }
    if (endTags.length > 0) {
      throw tokens.error("expected '{%% %s %%}'".formatted(endTags[endTags.length - 1]));
    }
    tokens.leave();
    return body;
  }

  /** A body and its end tag's name; what closes the end tag is left. */
  private List<Stmt> bodyOfTag(String endTag) {
    tokens.expect(Kind.BLOCK_END, "'%}'");
    List<Stmt> body = body(endTag);
    tokens.take();
    return body;
  }

  private Stmt statement(int line) {
    String tag = tokens.expectName();
    return switch (tag) {
      case "if" -> ifStatement(line);
      case "for" -> forStatement(line);
      case "set" -> set(line);
      case "with" -> with(line);
      case "macro" -> {
        String name = tokens.expectName();
        Stmt.Signature signature = signature();
        yield new Stmt.MacroDefinition(line, name, signature, outsideLoops("endmacro"));
      }
      case "call" -> callBlock(line);
      case "filter" -> {
        List<FilterCall> filters = expressions.filterChain();
        yield new Stmt.FilterBlock(line, filters, outsideLoops("endfilter"));
      }
      case "generation" -> new Stmt.Generation(line, outsideLoops("endgeneration"));
      case "break" -> {
        requireLoop(tag);
        yield new Stmt.Break(line);
      }
      case "continue" -> {
        requireLoop(tag);
        yield new Stmt.Continue(line);
      }
      case "include", "import", "from", "extends", "block" ->
          throw JinjaException.syntax(
              "the tag '%s' is not allowed: a chat template stands alone".formatted(tag), line);
      default -> throw JinjaException.syntax("unknown tag '%s'".formatted(tag), line);
    };
  }

  private void requireLoop(String tag) {
    if (loops == 0) {
      throw tokens.error("'%s' outside of a loop".formatted(tag));
    }
  }

  private List<Stmt> outsideLoops(String endTag) {
    int outer = loops;
    loops = 0;
    List<Stmt> body = bodyOfTag(endTag);
    loops = outer;
    return body;
  }

  private Stmt ifStatement(int line) {
    List<Stmt.Branch> branches = new ArrayList<>();
    while (true) {
      Expr condition = expressions.tupleWithoutCondition();
      tokens.expect(Kind.BLOCK_END, "'%}'");
      branches.add(new Stmt.Branch(condition, body("elif", "else", "endif")));
      String tag = tokens.take().text();
      if (tag.equals("endif")) {
        return new Stmt.If(line, branches, List.of());
      }
      if (tag.equals("else")) {
        return new Stmt.If(line, branches, bodyOfTag("endif"));
      }
    }
  }

  private Stmt forStatement(int line) {
    Target target = target(false);
    if (!tokens.takeName("in")) {
      throw tokens.error("expected 'in', got " + tokens.peek().describe());
    }
    Expr items = expressions.tupleWithoutCondition();
    Expr condition = tokens.takeName("if") ? expressions.expression() : null;
    boolean recursive = tokens.takeName("recursive");
    tokens.expect(Kind.BLOCK_END, "'%}'");
    loops++;
    List<Stmt> body = body("else", "endfor");
    loops--;
    List<Stmt> otherwise = List.of();
    if (tokens.take().text().equals("else")) {
      otherwise = bodyOfTag("endfor");
    }
    return new Stmt.For(line, target, items, condition, recursive, body, otherwise);
  }

  private Stmt set(int line) {
    Target target = target(true);
    if (tokens.takeOperator("=")) {
      return new Stmt.Assign(line, target, expressions.tuple());
    }
    List<FilterCall> filters = tokens.takeOperator("|") ? expressions.filterChain() : List.of();
    return new Stmt.AssignBlock(line, target, filters, outsideLoops("endset"));
  }

  private Stmt with(int line) {
    List<Stmt.Assign> assignments = new ArrayList<>();
    while (!tokens.at(Kind.BLOCK_END)) {
      if (!assignments.isEmpty()) {
        tokens.expectOperator(",");
      }
      Target target = singleTarget(false);
      tokens.expectOperator("=");
      assignments.add(new Stmt.Assign(line, target, expressions.expression()));
    }
    return new Stmt.With(line, assignments, bodyOfTag("endwith"));
  }

  private Stmt callBlock(int line) {
    Stmt.Signature signature = tokens.atOperator("(") ? signature() : new Stmt.Signature(List.of());
    if (!(expressions.expression() instanceof Expr.Call call)) {
      throw tokens.error("expected a call behind 'call'");
    }
    return new Stmt.CallBlock(line, signature, call, outsideLoops("endcall"));
  }

  private Stmt.Signature signature() {
    tokens.expectOperator("(");
    List<Stmt.Parameter> parameters = new ArrayList<>();
    while (!tokens.takeOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String name = tokens.expectName();
      @Nullable Expr defaultValue = tokens.takeOperator("=") ? expressions.expression() : null;
      parameters.add(new Stmt.Parameter(name, defaultValue));
    }
    return new Stmt.Signature(parameters);
  }

  private Target target(boolean withNamespace) {
    Target first = singleTarget(withNamespace);
    if (!tokens.atOperator(",")) {
      return first;
    }
    List<Target> targets = new ArrayList<>(List.of(first));
    while (tokens.takeOperator(",")) {
      if (!tokens.at(Kind.NAME) && !tokens.atOperator("(")) {
        break;
      }
      targets.add(singleTarget(false));
    }
    return new Target.Unpacked(targets);
  }

  private Target singleTarget(boolean withNamespace) {
    if (tokens.takeOperator("(")) {
      tokens.enter();
      Target inner = target(false);
      tokens.leave();
      tokens.expectOperator(")");
      return inner;
    }
    String name = tokens.expectName();
    if (withNamespace && tokens.takeOperator(".")) {
      return new Target.NamespaceAttribute(name, tokens.expectName());
    }
    return new Target.Variable(name);
  }
}
