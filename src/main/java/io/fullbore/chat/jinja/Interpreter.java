package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Stmt.Target;
import io.fullbore.chat.jinja.Values.Callable;
import io.fullbore.chat.jinja.Values.Namespace;
import io.fullbore.chat.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Executes the statements of one rendering. Owned by the rendering thread. */
final class Interpreter {
  /** How a body ended. */
  private enum Outcome {
    NORMAL,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Printer printer;
  private final Operators operators;
  private final TextMethods texts;
  private final Tests tests;
  private final Filters filters;
  private final Evaluator evaluator;
  private Text.Builder out;
  private int line;

  Interpreter(Budget budget) {
    this.budget = budget;
    this.printer = new Printer(budget);
    this.operators = new Operators(budget, printer);
    this.texts = new TextMethods(budget, operators, printer);
    this.tests = new Tests(operators, texts, printer);
    this.filters = new Filters(this);
    this.evaluator = new Evaluator(this);
    this.out = new Text.Builder(budget);
  }

  Budget budget() {
    return budget;
  }

  Printer printer() {
    return printer;
  }

  Operators operators() {
    return operators;
  }

  TextMethods texts() {
    return texts;
  }

  Tests tests() {
    return tests;
  }

  Filters filters() {
    return filters;
  }

  Object attribute(Object object, Text name) {
    return evaluator.attribute(object, name);
  }

  Object item(Object object, Object key) {
    return evaluator.item(object, key);
  }

  /** Renders the whole template. */
  Text run(List<Stmt> body, Scope globals) {
    try {
      execute(body, globals);
    } catch (JinjaException e) {
      throw e.at(line);
    }
    return out.build();
  }

  private Outcome execute(List<Stmt> body, Scope scope) {
    for (Stmt statement : body) {
      Outcome outcome = execute(statement, scope);
      if (outcome != Outcome.NORMAL) {
        return outcome;
      }
    }
    return Outcome.NORMAL;
  }

  private Outcome execute(Stmt statement, Scope scope) {
    budget.step();
    budget.enter();
    line = statement.line();
    Outcome outcome = Outcome.NORMAL;
    switch (statement) {
      case Stmt.Data data -> print(data.text());
      case Stmt.Print print -> print(printer.str(evaluator.evaluate(print.value(), scope)));
      case Stmt.If choice -> outcome = choose(choice, scope);
      case Stmt.For loop -> outcome = loop(loop, evaluator.evaluate(loop.items(), scope), 0, scope);
      case Stmt.Assign assign ->
          assign(assign.target(), evaluator.evaluate(assign.value(), scope), scope);
      case Stmt.AssignBlock block ->
          assign(
              block.target(),
              filtered(block.filters(), capture(block.body(), new Scope(scope)), scope),
              scope);
      case Stmt.With with -> {
        var inner = new Scope(scope);
        for (Stmt.Assign assign : with.assignments()) {
          assign(assign.target(), evaluator.evaluate(assign.value(), scope), inner);
        }
        outcome = execute(with.body(), inner);
      }
      case Stmt.MacroDefinition macro ->
          scope.set(macro.name(), macro(macro.name(), macro.signature(), macro.body(), scope));
      case Stmt.CallBlock block -> {
        Callable caller = macro("caller", block.signature(), block.body(), scope);
        print(printer.str(evaluator.call(block.call(), scope, Map.of("caller", caller))));
      }
      case Stmt.FilterBlock block ->
          print(
              printer.str(
                  filtered(block.filters(), capture(block.body(), new Scope(scope)), scope)));
      case Stmt.Generation generation -> execute(generation.body(), new Scope(scope));
      case Stmt.Break _ -> outcome = Outcome.BREAK;
      case Stmt.Continue _ -> outcome = Outcome.CONTINUE;
    }
    budget.leave();
    return outcome;
  }

  private void print(Text text) {
    budget.output((long) out.length() + text.length());
    out.append(text);
  }

  private Text capture(List<Stmt> body, Scope scope) {
    Text.Builder outer = out;
    out = new Text.Builder(budget);
    execute(body, scope);
    Text captured = out.build();
    out = outer;
    return captured;
  }

  private Object filtered(List<Expr.FilterCall> calls, Object value, Scope scope) {
    Object result = value;
    for (Expr.FilterCall call : calls) {
      result = evaluator.apply(call, result, scope);
    }
    return result;
  }

  private Outcome choose(Stmt.If choice, Scope scope) {
    for (Stmt.Branch branch : choice.branches()) {
      if (Operators.truth(evaluator.evaluate(branch.condition(), scope))) {
        return execute(branch.body(), scope);
      }
    }
    return execute(choice.otherwise(), scope);
  }

  private Outcome loop(Stmt.For loop, Object value, int depth, Scope scope) {
    List<Object> items = operators.iterate(value);
    Expr condition = loop.condition();
    if (condition != null) {
      List<Object> kept = new ArrayList<>();
      for (Object item : items) {
        budget.elements(1);
        var inner = new Scope(scope);
        assign(loop.target(), item, inner);
        if (Operators.truth(evaluator.evaluate(condition, inner))) {
          kept.add(item);
        }
      }
      items = kept;
    }
    if (items.isEmpty()) {
      return execute(loop.otherwise(), new Scope(scope));
    }
    Callable recursion =
        loop.recursive() ? arguments -> recurse(loop, arguments, depth, scope) : null;
    var context = new LoopContext(items, depth, recursion, operators);
    for (int i = 0; i < items.size(); i++) {
      budget.elements(2);
      context.moveTo(i);
      var inner = new Scope(scope);
      inner.set("loop", context);
      assign(loop.target(), items.get(i), inner);
      if (execute(loop.body(), inner) == Outcome.BREAK) {
        break;
      }
    }
    return Outcome.NORMAL;
  }

  private Object recurse(Stmt.For loop, Arguments arguments, int depth, Scope scope) {
    Object items = arguments.bind("loop", "items")[0];
    Text.Builder outer = out;
    out = new Text.Builder(budget);
    loop(loop, items == null ? new Undefined("loop() needs items") : items, depth + 1, scope);
    Text text = out.build();
    out = outer;
    return text;
  }

  private void assign(Target target, Object value, Scope scope) {
    switch (target) {
      case Target.Variable variable -> scope.set(variable.name(), value);
      case Target.NamespaceAttribute attribute -> {
        if (!(scope.get(attribute.namespace()) instanceof Namespace namespace)) {
          throw JinjaException.failed("cannot assign attribute on non-namespace object");
        }
        namespace.attributes().put(attribute.attribute(), value);
      }
      case Target.Unpacked unpacked -> {
        List<Object> values = operators.iterate(value);
        if (values.size() != unpacked.targets().size()) {
          throw JinjaException.failed(
              "expected %d values to unpack, got %d"
                  .formatted(unpacked.targets().size(), values.size()));
        }
        for (int i = 0; i < values.size(); i++) {
          assign(unpacked.targets().get(i), values.get(i), scope);
        }
      }
    }
  }

  private Callable macro(String name, Stmt.Signature signature, List<Stmt> body, Scope scope) {
    return arguments -> {
      int caller = line;
      var inner = new Scope(scope);
      bind(name, signature, arguments, inner);
      Text text = capture(body, inner);
      line = caller;
      return text;
    };
  }

  private void bind(String name, Stmt.Signature signature, Arguments arguments, Scope inner) {
    List<Stmt.Parameter> parameters = signature.parameters();
    if (arguments.positional().size() > parameters.size()) {
      throw JinjaException.failed(
          "macro '%s' takes not more than %d argument(s)".formatted(name, parameters.size()));
    }
    List<String> names = parameters.stream().map(Stmt.Parameter::name).toList();
    for (String keyword : arguments.keyword().keySet()) {
      if (!keyword.equals("caller") && !names.contains(keyword)) {
        throw JinjaException.failed(
            "macro '%s' takes no keyword argument '%s'".formatted(name, keyword));
      }
    }
    if (arguments.keyword().get("caller") instanceof Callable caller) {
      inner.set("caller", caller);
    }
    for (int i = 0; i < parameters.size(); i++) {
      Stmt.Parameter parameter = parameters.get(i);
      Object given =
          i < arguments.positional().size()
              ? arguments.positional().get(i)
              : arguments.keyword().get(parameter.name());
      Expr fallback = parameter.defaultValue();
      if (given == null) {
        given =
            fallback == null
                ? new Undefined("parameter '%s' was not provided".formatted(parameter.name()))
                : evaluator.evaluate(fallback, inner);
      }
      inner.set(parameter.name(), given);
    }
  }
}
