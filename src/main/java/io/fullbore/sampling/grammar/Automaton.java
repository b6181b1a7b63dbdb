package io.fullbore.sampling.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * Runs a network over bytes: a pushdown automaton whose states are sets of stacks, made as they are
 * reached.
 *
 * <pre>
 *   state = { frame, frame, … }     frame = nodes of one rule on top of the frame that called it
 * </pre>
 *
 * <p>Nodes on top of the same frame are one set, and a call in the last place of a rule pushes
 * nothing, so repetitions written as recursion keep their stack. Node sets, frames and states are
 * kept in tables so that equal ones are one object and what follows from them is computed once;
 * tables that grow too large are emptied, which costs time and changes nothing.
 *
 * <p>What would make a state too wide or a stack too deep is left out, as if the grammar did not
 * have it. Guarded by its own lock, which the callers hold.
 */
final class Automaton {
  private static final int MAX_STATES = 4_096;
  private static final int MAX_FRAMES = 20_000;
  private static final int MAX_SET_NODES = 1_000_000;
  private static final int MAX_DEPTH = 500;
  private static final int MAX_WIDTH = 1_000;
  private static final int MAX_EXPANSIONS = 20_000;
  private static final NodeSet NO_NODES = new NodeSet(new int[0]);

  /** A frame's key: its set and the frame below are compared by identity. */
  private record FrameKey(NodeSet set, Frame parent) {
    @Override
    public boolean equals(Object other) {
      return other instanceof FrameKey that && set == that.set && parent == that.parent;
    }

    @Override
    public int hashCode() {
      return 31 * set.hashCode() + System.identityHashCode(parent);
    }
  }

  /** A state's key: its frames are compared by identity. */
  private record StateKey(List<Frame> frames, boolean accepting, boolean escaped) {}

  private final Network network;
  private final BitSet live; // nodes from which their rule's end can be reached
  private final Map<NodeSet, NodeSet> nodeSets = new HashMap<>();
  private final Map<FrameKey, Frame> frames = new HashMap<>();
  private final Map<StateKey, GrammarState> states = new HashMap<>();

  /** Below the root rule: when it ends, so may the text. */
  private final Frame root = new Frame(NO_NODES, null, 0);

  /** Below a rule whose caller is not known. */
  private final Frame unknown = new Frame(NO_NODES, null, 0);

  private long framesMade;
  private int setNodes; // of all sets in the table
  private final GrammarState dead;
  private final GrammarState start;

  Automaton(Network network, BitSet live, int rootRule) {
    this.network = network;
    this.live = live;
    dead = new GrammarState(this, new Frame[0], false, false);
    Expansion expansion = new Expansion();
    expansion.add(root, set(new int[] {network.start(rootRule)}));
    start = expansion.state();
  }

  GrammarState start() {
    return start;
  }

  GrammarState after(GrammarState state, int value) {
    Expansion expansion = new Expansion();
    for (Frame frame : state.frames()) {
      NodeSet next = next(frame.set, value);
      if (!next.isEmpty() && frame.parent != null) {
        expansion.add(frame.parent, next);
      }
    }
    return expansion.state();
  }

  /** The state of these nodes alone, whatever called their rule. */
  GrammarState alone(NodeSet takers) {
    return state(List.of(frame(takers, unknown)), false, false);
  }

  /** The state once the rule above this frame has ended. */
  GrammarState afterEnd(Frame frame) {
    GrammarState known = frame.afterEnd;
    if (known == null) {
      Expansion expansion = new Expansion();
      if (frame.parent == null) {
        expansion.end(frame);
      } else {
        expansion.add(frame.parent, frame.set);
      }
      known = expansion.state();
      frame.afterEnd = known;
    }
    return known;
  }

  /** Follows calls and ends of rules from the nodes reached by a byte, deepest stacks first. */
  private final class Expansion {
    private final Map<Frame, NodeSet> pending = new HashMap<>(); // by the frame below
    private final Map<Frame, NodeSet> done = new HashMap<>();
    private final Map<Frame, NodeSet> takers = new HashMap<>();
    private final PriorityQueue<Frame> deepestFirst =
        new PriorityQueue<>(Comparator.comparingInt((Frame frame) -> -frame.depth));
    private int expansions;
    private boolean accepting;
    private boolean escaped;

    void add(Frame below, NodeSet set) {
      NodeSet handled = done.get(below);
      NodeSet fresh = handled == null ? set : minus(set, handled);
      if (fresh.isEmpty()) {
        return;
      }
      NodeSet waiting = pending.get(below);
      if (waiting == null) {
        deepestFirst.add(below);
      }
      pending.put(below, waiting == null ? fresh : union(waiting, fresh));
    }

    void end(Frame below) {
      if (below == root) {
        accepting = true;
      } else if (below == unknown) {
        escaped = true;
      } else if (below.parent != null) {
        add(below.parent, below.set);
      }
    }

    GrammarState state() {
      while (!deepestFirst.isEmpty()) {
        if (++expansions > MAX_EXPANSIONS) {
          return dead;
        }
        Frame below = deepestFirst.remove();
        NodeSet set = pending.remove(below);
        if (set != null) {
          expand(below, set);
        }
      }
      if (takers.isEmpty() && !accepting && !escaped || takers.size() > MAX_WIDTH) {
        return dead;
      }
      List<Frame> all = new ArrayList<>(takers.size());
      takers.forEach((below, set) -> all.add(frame(set, below)));
      all.sort(Comparator.comparingLong((Frame frame) -> frame.id));
      return Automaton.this.state(all, accepting, escaped);
    }

    private void expand(Frame below, NodeSet set) {
      done.merge(below, set, Automaton.this::union);
      NodeSet.Closure closure = closure(set);
      if (closure.takers() != null) {
        takers.merge(below, closure.takers(), Automaton.this::union);
      }
      for (NodeSet.Called call : closure.calls()) {
        NodeSet first = set(new int[] {network.start(call.rule())});
        if (closure(call.returns()).onlyEnds()) {
          add(below, first);
        } else if (below.depth < MAX_DEPTH) {
          add(frame(call.returns(), below), first);
        }
      }
      if (closure.isFinal()) {
        end(below);
      }
    }
  }

  private NodeSet.Closure closure(NodeSet set) {
    NodeSet.Closure closure = set.closure;
    if (closure == null) {
      closure = makeClosure(set);
      set.closure = closure;
    }
    return closure;
  }

  private NodeSet.Closure makeClosure(NodeSet set) {
    BitSet seen = new BitSet();
    Deque<Integer> open = new ArrayDeque<>();
    for (int node : set.nodes) {
      visit(node, seen, open);
    }
    BitSet takers = new BitSet();
    Map<Integer, BitSet> calls = new TreeMap<>();
    boolean isFinal = false;
    while (!open.isEmpty()) {
      int index = open.remove();
      Network.Node node = network.node(index);
      isFinal |= network.isFinal(index);
      if (!node.byteEdges.isEmpty()) {
        takers.set(index);
      }
      node.freeEdges.forEach(to -> visit(to, seen, open));
      for (Network.CallEdge call : node.callEdges) {
        if (live.get(call.to()) && live.get(network.start(call.rule()))) {
          calls.computeIfAbsent(call.rule(), rule -> new BitSet()).set(call.to());
        }
      }
    }
    List<NodeSet.Called> called = new ArrayList<>(calls.size());
    calls.forEach((rule, returns) -> called.add(new NodeSet.Called(rule, set(returns))));
    return new NodeSet.Closure(takers.isEmpty() ? null : set(takers), List.copyOf(called), isFinal);
  }

  private void visit(int node, BitSet seen, Deque<Integer> open) {
    if (live.get(node) && !seen.get(node)) {
      seen.set(node);
      open.add(node);
    }
  }

  private NodeSet next(NodeSet takers, int value) {
    NodeSet next = takers.next(value);
    if (next == null) {
      BitSet targets = new BitSet();
      for (int node : takers.nodes) {
        for (Network.ByteEdge edge : network.node(node).byteEdges) {
          if (edge.bytes().contains(value) && live.get(edge.to())) {
            targets.set(edge.to());
          }
        }
      }
      next = targets.isEmpty() ? NO_NODES : set(targets);
      takers.setNext(value, next);
    }
    return next;
  }

  private NodeSet union(NodeSet a, NodeSet b) {
    if (a == b) {
      return a;
    }
    BitSet all = bits(a);
    all.or(bits(b));
    return set(all);
  }

  private NodeSet minus(NodeSet a, NodeSet b) {
    if (a == b) {
      return NO_NODES;
    }
    BitSet left = bits(a);
    left.andNot(bits(b));
    return left.isEmpty() ? NO_NODES : set(left);
  }

  private static BitSet bits(NodeSet set) {
    BitSet bits = new BitSet();
    for (int node : set.nodes) {
      bits.set(node);
    }
    return bits;
  }

  private NodeSet set(BitSet nodes) {
    return set(nodes.stream().toArray());
  }

  private NodeSet set(int[] nodes) {
    if (setNodes >= MAX_SET_NODES) {
      nodeSets.clear();
      setNodes = 0;
    }
    NodeSet set = new NodeSet(nodes);
    NodeSet known = nodeSets.putIfAbsent(set, set);
    if (known != null) {
      return known;
    }
    setNodes += nodes.length + 1;
    return set;
  }

  private Frame frame(NodeSet set, Frame parent) {
    if (frames.size() >= MAX_FRAMES) {
      frames.clear();
      states.clear();
    }
    return frames.computeIfAbsent(
        new FrameKey(set, parent), key -> new Frame(key.set(), key.parent(), ++framesMade));
  }

  private GrammarState state(List<Frame> all, boolean accepting, boolean escaped) {
    if (states.size() >= MAX_STATES) {
      states.clear();
      frames.clear();
    }
    return states.computeIfAbsent(
        new StateKey(all, accepting, escaped),
        key ->
            new GrammarState(
                this, key.frames().toArray(new Frame[0]), key.accepting(), key.escaped()));
  }
}
