package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Rules as networks of nodes: a rule is matched by a way from its start to its final node, over
 * edges that take a byte, that take nothing, or that call another rule.
 *
 * <pre>
 *   start --bytes--> node --call rule--> node --nothing--> final
 * </pre>
 *
 * <p>Built by Thompson's construction (1968), written once, then read only.
 */
final class Network {
  private static final int MAX_NODES = 200_000;

  /** An edge that takes one of these bytes. */
  record ByteEdge(ByteSet bytes, int to) {}

  /** An edge that takes what the rule does. */
  record CallEdge(int rule, int to) {}

  /** A node's edges. */
  static final class Node {
    final List<ByteEdge> byteEdges = new ArrayList<>(1);
    final List<CallEdge> callEdges = new ArrayList<>(1);
    final List<Integer> freeEdges = new ArrayList<>(1);
  }

  private final List<Node> nodes = new ArrayList<>();
  private final int[] starts; // [rule]
  private final int[] finals; // [rule]
  private final BitSet finalNodes = new BitSet();

  /**
   * @throws GrammarException where there are too many nodes
   */
  Network(RuleSet rules) {
    starts = new int[rules.count()];
    finals = new int[rules.count()];
    for (int rule = 0; rule < starts.length; rule++) {
      starts[rule] = newNode();
      finals[rule] = newNode();
      finalNodes.set(finals[rule]);
      add(rules.expr(rule), starts[rule], finals[rule]);
    }
  }

  int nodeCount() {
    return nodes.size();
  }

  Node node(int index) {
    return nodes.get(index);
  }

  int ruleCount() {
    return starts.length;
  }

  int start(int rule) {
    return starts[rule];
  }

  int finalOf(int rule) {
    return finals[rule];
  }

  /** Whether it is some rule's final node. */
  boolean isFinal(int node) {
    return finalNodes.get(node);
  }

  private int newNode() {
    if (nodes.size() == MAX_NODES) {
      throw new GrammarException(
          "the grammar is too large: more than %d states; repetitions with high counts take many"
              .formatted(MAX_NODES));
    }
    nodes.add(new Node());
    return nodes.size() - 1;
  }

  /** No edge is added into {@code from} or out of {@code to}, so that parts cannot mix. */
  private void add(Expr expr, int from, int to) {
    switch (expr) {
      case Expr.Bytes(ByteSet set) -> nodes.get(from).byteEdges.add(new ByteEdge(set, to));
      case Expr.Literal(byte[] bytes) -> addLiteral(bytes, from, to);
      case Expr.Sequence(List<Expr> parts) -> addSequence(parts, from, to);
      case Expr.Choice(List<Expr> alternatives) ->
          alternatives.forEach(alternative -> add(alternative, from, to));
      case Expr.Repeat repeat -> addRepeat(repeat, from, to);
      case Expr.Call(int rule) -> nodes.get(from).callEdges.add(new CallEdge(rule, to));
    }
  }

  private void addLiteral(byte[] bytes, int from, int to) {
    if (bytes.length == 0) {
      nodes.get(from).freeEdges.add(to);
      return;
    }
    int at = from;
    for (int i = 0; i < bytes.length; i++) {
      int next = i == bytes.length - 1 ? to : newNode();
      nodes.get(at).byteEdges.add(new ByteEdge(ByteSet.of(bytes[i] & 0xff), next));
      at = next;
    }
  }

  private void addSequence(List<Expr> parts, int from, int to) {
    if (parts.isEmpty()) {
      nodes.get(from).freeEdges.add(to);
      return;
    }
    int at = from;
    for (int i = 0; i < parts.size(); i++) {
      int next = i == parts.size() - 1 ? to : newNode();
      add(parts.get(i), at, next);
      at = next;
    }
  }

  private void addRepeat(Expr.Repeat repeat, int from, int to) {
    int at = from;
    for (int i = 0; i < repeat.min(); i++) {
      int next = newNode();
      add(repeat.part(), at, next);
      at = next;
    }
    if (repeat.max() == Expr.UNBOUNDED) {
      int loop = newNode();
      int back = newNode();
      nodes.get(at).freeEdges.add(loop);
      add(repeat.part(), loop, back);
      nodes.get(back).freeEdges.add(loop);
      nodes.get(loop).freeEdges.add(to);
      return;
    }
    for (int i = repeat.min(); i < repeat.max(); i++) {
      nodes.get(at).freeEdges.add(to);
      int next = newNode();
      add(repeat.part(), at, next);
      at = next;
    }
    nodes.get(at).freeEdges.add(to);
  }
}
