package io.fullbore.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement, as parsed. Immutable, shared by all renderings. */
sealed interface Stmt {
  /** Line of the template, from 1. */
  int line();

  record Data(int line, Text text) implements Stmt {}

  record Print(int line, Expr value) implements Stmt {}

  record If(int line, List<Branch> branches, List<Stmt> otherwise) implements Stmt {}

  record For(
      int line,
      Target target,
      Expr items,
      @Nullable Expr condition,
      boolean recursive,
      List<Stmt> body,
      List<Stmt> otherwise)
      implements Stmt {}

  record Assign(int line, Target target, Expr value) implements Stmt {}

  /** {@code {% set x %}…{% endset %}}. */
  record AssignBlock(int line, Target target, List<Expr.FilterCall> filters, List<Stmt> body)
      implements Stmt {}

  record With(int line, List<Assign> assignments, List<Stmt> body) implements Stmt {}

  record MacroDefinition(int line, String name, Signature signature, List<Stmt> body)
      implements Stmt {}

  /** {@code {% call(x) macro() %}…{% endcall %}}: the body is the macro's {@code caller}. */
  record CallBlock(int line, Signature signature, Expr.Call call, List<Stmt> body)
      implements Stmt {}

  record FilterBlock(int line, List<Expr.FilterCall> filters, List<Stmt> body) implements Stmt {}

  /** {@code {% generation %}}: marks the assistant's own text; rendered as its body. */
  record Generation(int line, List<Stmt> body) implements Stmt {}

  record Break(int line) implements Stmt {}

  record Continue(int line) implements Stmt {}

  record Branch(Expr condition, List<Stmt> body) {}

  /** Parameters of a macro; a default of null means that there is none. */
  record Signature(List<Parameter> parameters) {}

  record Parameter(String name, @Nullable Expr defaultValue) {}

  /** Where a value is stored. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record NamespaceAttribute(String namespace, String attribute) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}
  }
}
