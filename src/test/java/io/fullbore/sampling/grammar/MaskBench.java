package io.fullbore.sampling.grammar;

import io.fullbore.core.Constraint;
import java.util.List;
import java.util.Random;

/** Measures masks: {@code java MaskBench [tokens]}. Not a test. */
final class MaskBench {
  private static final String SCHEMA =
      """
      {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},
       "bio":{"type":"string","maxLength":200},"tags":{"type":"array","items":{"type":"string"}},
       "address":{"type":"object","properties":{"street":{"type":"string"},"zip":{"type":"string",
       "pattern":"^[0-9]{5}$"}},"required":["street","zip"]},
       "kind":{"enum":["person","robot","other"]}},
       "required":["name","age","bio","tags","address","kind"]}\
      """;

  private MaskBench() {}

  public static void main(String[] args) {
    int count = args.length == 0 ? 32_000 : Integer.parseInt(args[0]);
    List<byte[]> tokens = Vocabularies.words(count, 1);
    for (int round = 0; round < 4; round++) {
      long begin = System.nanoTime();
      TokenMasks masks = new TokenMasks(count, tokens::get, 128L << 20);
      long built = System.nanoTime();
      for (Constraint constraint :
          List.of(new Constraint(Constraint.Kind.JSON_SCHEMA, SCHEMA), Constraint.jsonObject())) {
        measure(constraint, masks, tokens, round);
      }
      System.out.printf("round=%d tree=%d us%n", round, (built - begin) / 1000);
    }
  }

  private static void measure(
      Constraint constraint, TokenMasks masks, List<byte[]> tokens, int round) {
    long begin = System.nanoTime();
    Grammar grammar = Grammar.of(constraint);
    long compiled = System.nanoTime();
    for (int pass = 0; pass < 3; pass++) {
      Random random = new Random(7);
      GrammarState state = grammar.start();
      long worst = 0;
      long total = 0;
      long advanceNanos = 0;
      int steps = 0;
      while (!state.isComplete() && steps < 2_000) {
        long from = System.nanoTime();
        int[] mask = masks.after(state);
        long took = System.nanoTime() - from;
        worst = Math.max(worst, took);
        total += took;
        steps++;
        int token;
        do {
          token = random.nextInt(steps > 1_000 ? 256 : tokens.size());
        } while ((mask[token >> 5] >>> token & 1) == 0);
        from = System.nanoTime();
        for (byte value : tokens.get(token)) {
          state = state.advance(value);
        }
        advanceNanos += System.nanoTime() - from;
      }
      System.out.printf(
          "round=%d %s pass=%d compile=%d us, masks=%d mean=%.1f us worst=%d us advance=%.2f us%n",
          round,
          constraint.kind(),
          pass,
          (compiled - begin) / 1000,
          steps,
          total / 1e3 / steps,
          worst / 1000,
          advanceNanos / 1e3 / steps);
    }
  }
}
