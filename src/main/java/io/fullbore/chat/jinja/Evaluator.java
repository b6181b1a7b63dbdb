package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Callable;
import io.fullbore.chat.jinja.Values.Namespace;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions in a scope. */
final class Evaluator {
  private final Interpreter interpreter;
  private final Budget budget;
  private final Operators operators;

  Evaluator(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.budget = interpreter.budget();
    this.operators = interpreter.operators();
  }

  Object evaluate(Expr expression, Scope scope) {
    budget.step();
    budget.enter();
    Object value =
        switch (expression) {
          case Expr.Constant constant -> constant.value();
          case Expr.Name name -> {
            Object found = scope.get(name.name());
            yield found != null ? found : new Undefined("'%s' is undefined".formatted(name.name()));
          }
          case Expr.Attribute attribute ->
              interpreter.attribute(evaluate(attribute.object(), scope), attribute.name());
          case Expr.Item item ->
              interpreter.item(evaluate(item.object(), scope), evaluate(item.key(), scope));
          case Expr.Slice slice -> slice(slice, scope);
          case Expr.Call call -> call(call, scope, Map.of());
          case Expr.Filter filter ->
              apply(filter.filter(), evaluate(filter.operand(), scope), scope);
          case Expr.Test test ->
              interpreter
                  .tests()
                  .test(
                      test.name(),
                      evaluate(test.operand(), scope),
                      arguments(test.arguments(), scope));
          case Expr.ListLiteral list -> all(list.items(), scope);
          case Expr.TupleLiteral tuple -> new Values.Tuple(all(tuple.items(), scope));
          case Expr.DictLiteral dict -> dict(dict, scope);
          default -> operate(expression, scope);
        };
    budget.leave();
    return value;
  }

  private Object operate(Expr expression, Scope scope) {
    return switch (expression) {
      case Expr.Negate negate -> operators.negate(evaluate(negate.operand(), scope));
      case Expr.Plus plus -> operators.binary("+", 0L, evaluate(plus.operand(), scope));
      case Expr.Not not -> !Operators.truth(evaluate(not.operand(), scope));
      case Expr.And and -> {
        Object left = evaluate(and.left(), scope);
        yield Operators.truth(left) ? evaluate(and.right(), scope) : left;
      }
      case Expr.Or or -> {
        Object left = evaluate(or.left(), scope);
        yield Operators.truth(left) ? left : evaluate(or.right(), scope);
      }
      case Expr.Binary binary ->
          operators.binary(
              binary.operator(), evaluate(binary.left(), scope), evaluate(binary.right(), scope));
      case Expr.Compare compare -> compare(compare, scope);
      case Expr.Concat concat -> {
        var out = new Text.Builder(budget);
        for (Expr part : concat.parts()) {
          out.append(interpreter.printer().str(evaluate(part, scope)));
        }
        yield out.build();
      }
      case Expr.Conditional conditional -> {
        Expr otherwise = conditional.otherwise();
        if (Operators.truth(evaluate(conditional.condition(), scope))) {
          yield evaluate(conditional.then(), scope);
        }
        yield otherwise == null
            ? new Undefined("the inline if-expression evaluated to false and has no else")
            : evaluate(otherwise, scope);
      }
      default -> throw new IllegalStateException("no such expression: " + expression);
    };
  }

  private Object compare(Expr.Compare compare, Scope scope) {
    Object left = evaluate(compare.first(), scope);
    for (Expr.Comparison comparison : compare.rest()) {
      Object right = evaluate(comparison.right(), scope);
      if (!operators.compare(comparison.operator(), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private List<Object> all(List<Expr> expressions, Scope scope) {
    budget.elements(expressions.size());
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expr expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Map<Object, Object> dict(Expr.DictLiteral dict, Scope scope) {
    budget.elements(dict.pairs().size() * 4L);
    var map = new LinkedHashMap<Object, Object>();
    for (Expr.Pair pair : dict.pairs()) {
      map.put(Operators.hashable(evaluate(pair.key(), scope)), evaluate(pair.value(), scope));
    }
    return map;
  }

  private Object slice(Expr.Slice slice, Scope scope) {
    Object sequence = evaluate(slice.object(), scope);
    Object start = optional(slice.start(), scope);
    Object stop = optional(slice.stop(), scope);
    Object step = optional(slice.step(), scope);
    return switch (sequence) {
      case Text _, List<?> _ -> Slicing.slice(sequence, start, stop, step, budget);
      case Undefined undefined -> throw undefined.error();
      default -> new Undefined("'%s' cannot be sliced".formatted(Values.typeName(sequence)));
    };
  }

  private @Nullable Object optional(@Nullable Expr expression, Scope scope) {
    return expression == null ? null : evaluate(expression, scope);
  }

  /** Calls with further keyword arguments, such as {@code caller}. */
  Object call(Expr.Call call, Scope scope, Map<String, Object> extra) {
    Object function = evaluate(call.function(), scope);
    Arguments arguments = arguments(call.arguments(), scope);
    if (!extra.isEmpty()) {
      Map<String, Object> keyword = new LinkedHashMap<>(arguments.keyword());
      keyword.putAll(extra);
      arguments = new Arguments(arguments.positional(), keyword);
    }
    return switch (function) {
      case Callable callable -> callable.call(arguments);
      case Undefined undefined -> throw undefined.error();
      default ->
          throw JinjaException.failed(
              "'%s' object is not callable".formatted(Values.typeName(function)));
    };
  }

  Object apply(Expr.FilterCall filter, Object value, Scope scope) {
    return interpreter.filters().apply(filter.name(), value, arguments(filter.arguments(), scope));
  }

  private Arguments arguments(Expr.ArgumentList list, Scope scope) {
    if (list == Expr.ArgumentList.NONE) {
      return Arguments.NONE;
    }
    List<Object> positional = all(list.positional(), scope);
    Map<String, Object> keyword = new LinkedHashMap<>();
    for (Expr.Keyword argument : list.keyword()) {
      keyword.put(argument.name(), evaluate(argument.value(), scope));
    }
    if (list.star() != null) {
      positional.addAll(operators.iterate(evaluate(list.star(), scope)));
    }
    if (list.doubleStar() != null) {
      if (!(evaluate(list.doubleStar(), scope) instanceof Map<?, ?> map)) {
        throw JinjaException.failed("argument after ** must be a mapping");
      }
      map.forEach((key, value) -> keyword.put(interpreter.printer().str(key).chars(), value));
    }
    return new Arguments(positional, keyword);
  }

  /** {@code object.name}. */
  Object attribute(Object object, Text name) {
    Object own =
        switch (object) {
          case Undefined undefined -> throw undefined.error();
          case Namespace namespace -> namespace.attributes().get(name.chars());
          case LoopContext loop -> loop.attribute(name.chars());
          default -> method(object, name.chars());
        };
    if (own != null) {
      return own;
    }
    Object item = object instanceof Map<?, ?> map ? map.get(name) : null;
    return item == null ? missing(object, name.chars()) : item;
  }

  /** {@code object[key]}. */
  Object item(Object object, Object key) {
    budget.step();
    Object found =
        switch (object) {
          case Undefined undefined -> throw undefined.error();
          case Map<?, ?> map -> map.get(key);
          case List<?> list when key instanceof Long index -> Slicing.element(list, index, budget);
          case Text text when key instanceof Long index -> Slicing.element(text, index, budget);
          case Namespace namespace when key instanceof Text name ->
              namespace.attributes().get(name.chars());
          default -> null;
        };
    if (found == null && key instanceof Text name) {
      found = method(object, name.chars());
    }
    return found == null ? missing(object, interpreter.printer().str(key).chars()) : found;
  }

  private @Nullable Callable method(Object object, String name) {
    return object instanceof Text text
        ? interpreter.texts().method(text, name)
        : interpreter.filters().method(object, name);
  }

  private static Undefined missing(Object object, String name) {
    if (name.startsWith("__")) {
      throw JinjaException.failed(
          "access to attribute '%s' of '%s' object is unsafe"
              .formatted(name, Values.typeName(object)));
    }
    return object instanceof None
        ? new Undefined("'None' has no attribute '%s'".formatted(name))
        : new Undefined(
            "'%s object' has no attribute '%s'".formatted(Values.typeName(object), name));
  }
}
