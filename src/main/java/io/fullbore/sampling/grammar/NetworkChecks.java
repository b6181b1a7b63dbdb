package io.fullbore.sampling.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * What must be known of a network before it can be run: from where a rule's end can be reached, and
 * that no rule calls itself before it took a byte.
 */
final class NetworkChecks {
  private final Network network;
  private final List<List<Integer>> before; // [node], by edges that take bytes or nothing
  private final List<List<int[]>>
      calls; // [node], {caller, start of the rule, return} that wait for it

  private NetworkChecks(Network network) {
    this.network = network;
    before = new ArrayList<>();
    calls = new ArrayList<>();
    for (int node = 0; node < network.nodeCount(); node++) {
      before.add(new ArrayList<>(1));
      calls.add(new ArrayList<>(0));
    }
  }

  /** The nodes from which their rule's final node can be reached, over bytes or over nothing. */
  static BitSet reachingFinal(Network network, boolean overBytes) {
    NetworkChecks checks = new NetworkChecks(network);
    for (int index = 0; index < network.nodeCount(); index++) {
      int from = index;
      Network.Node node = network.node(index);
      node.freeEdges.forEach(to -> checks.before.get(to).add(from));
      if (overBytes) {
        node.byteEdges.forEach(edge -> checks.before.get(edge.to()).add(from));
      }
      for (Network.CallEdge call : node.callEdges) {
        int[] entry = {from, network.start(call.rule()), call.to()};
        checks.calls.get(entry[1]).add(entry);
        checks.calls.get(entry[2]).add(entry);
      }
    }
    return checks.spread();
  }

  private BitSet spread() {
    BitSet reached = new BitSet();
    Deque<Integer> news = new ArrayDeque<>();
    for (int rule = 0; rule < network.ruleCount(); rule++) {
      mark(network.finalOf(rule), reached, news);
    }
    while (!news.isEmpty()) {
      int node = news.remove();
      before.get(node).forEach(from -> mark(from, reached, news));
      for (int[] call : calls.get(node)) {
        if (reached.get(call[1]) && reached.get(call[2])) {
          mark(call[0], reached, news);
        }
      }
    }
    return reached;
  }

  private static void mark(int node, BitSet reached, Deque<Integer> news) {
    if (!reached.get(node)) {
      reached.set(node);
      news.add(node);
    }
  }

  /**
   * @param empty the nodes that reach their final without a byte
   * @throws GrammarException naming a rule that calls itself before it took a byte
   */
  static void requireNoLeftRecursion(Network network, BitSet empty, RuleSet rules) {
    List<BitSet> firstCalls = new ArrayList<>();
    for (int rule = 0; rule < network.ruleCount(); rule++) {
      firstCalls.add(firstCalls(network, network.start(rule), empty));
    }
    BitSet done = new BitSet();
    BitSet open = new BitSet();
    for (int root = 0; root < network.ruleCount(); root++) {
      Deque<int[]> stack = new ArrayDeque<>(); // {rule, the next rule it calls}
      push(root, done, open, stack);
      while (!stack.isEmpty()) {
        int[] top = stack.peek();
        int called = firstCalls.get(top[0]).nextSetBit(top[1]);
        if (called < 0) {
          open.clear(top[0]);
          done.set(top[0]);
          stack.pop();
          continue;
        }
        top[1] = called + 1;
        if (open.get(called)) {
          throw new GrammarException(
              "rule '%s' calls itself before anything else (left recursion)"
                  .formatted(rules.name(called)));
        }
        push(called, done, open, stack);
      }
    }
  }

  private static void push(int rule, BitSet done, BitSet open, Deque<int[]> stack) {
    if (!done.get(rule)) {
      open.set(rule);
      stack.push(new int[] {rule, 0});
    }
  }

  /** The rules that may be called before a byte was taken. */
  private static BitSet firstCalls(Network network, int start, BitSet empty) {
    BitSet called = new BitSet();
    BitSet seen = new BitSet();
    Deque<Integer> open = new ArrayDeque<>();
    mark(start, seen, open);
    while (!open.isEmpty()) {
      Network.Node node = network.node(open.remove());
      node.freeEdges.forEach(to -> mark(to, seen, open));
      for (Network.CallEdge call : node.callEdges) {
        called.set(call.rule());
        if (empty.get(network.start(call.rule()))) {
          mark(call.to(), seen, open);
        }
      }
    }
    return called;
  }
}
