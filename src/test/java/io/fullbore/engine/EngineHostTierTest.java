package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** An engine whose backend has a host tier behind few blocks. */
class EngineHostTierTest {
  private static final int BLOCK_TOKENS = 4;
  private static final int BLOCKS = 8;
  private static final int HOST_BLOCKS = 32;
  private static final int PROMPT_TOKENS = 10;
  private static final int ANSWER_TOKENS = 20;

  /** Rows of a whole sequence; nothing follows its last token. */
  private static final int SEQUENCE_ROWS = PROMPT_TOKENS + ANSWER_TOKENS - 1;

  private final EventLog log = new EventLog();

  private static RememberingBackend backend(int hostBlocks) {
    return new RememberingBackend(BLOCKS, hostBlocks, BLOCK_TOKENS, 32);
  }

  private Engine engine(RememberingBackend backend) {
    return new Engine(backend, new EngineSettings(8, 40, true), log, () -> 0);
  }

  private static void runAll(Engine engine) {
    for (int steps = 0; engine.hasWork(); steps++) {
      assertTrue(steps < 10_000, "the engine makes no progress");
      engine.step();
    }
  }

  private static int[] prompt(int length, int salt) {
    return IntStream.range(0, length).map(i -> (i * 7 + salt) % 50).toArray();
  }

  private void runTwoThatDoNotFitTogether(Engine engine) {
    engine.submit(Requests.greedy(1, prompt(PROMPT_TOKENS, 0), ANSWER_TOKENS));
    engine.submit(Requests.greedy(2, prompt(PROMPT_TOKENS, 1), ANSWER_TOKENS));
    runAll(engine);
    assertText(1, prompt(PROMPT_TOKENS, 0), ANSWER_TOKENS);
    assertText(2, prompt(PROMPT_TOKENS, 1), ANSWER_TOKENS);
    assertEquals(BLOCKS, engine.status("m", 0).freeBlocks());
  }

  private void assertText(long id, int[] prompt, int maxTokens) {
    assertInstanceOf(SequenceEvent.Finished.class, log.terminal(id));
    assertEquals(EngineTest.expected(prompt, maxTokens, Set.of()), log.tokens(id));
  }

  private int cachedTokens(long id) {
    return assertInstanceOf(SequenceEvent.Finished.class, log.terminal(id)).usage().cachedTokens();
  }

  @Test
  void aPreemptedSequenceComesBackWithItsFullBlocks() {
    RememberingBackend backend = backend(HOST_BLOCKS);
    Engine engine = engine(backend);
    runTwoThatDoNotFitTogether(engine);
    long preemptions = engine.status("m", 0).preemptions();
    assertTrue(preemptions > 0);
    assertTrue(backend.copyCount() > 0);
    long recomputed = backend.computedRows() - 2 * SEQUENCE_ROWS;
    assertTrue(recomputed < preemptions * BLOCK_TOKENS, "recomputed=" + recomputed);
  }

  @Test
  void withoutHostBlocksAPreemptedSequenceIsComputedAgain() {
    RememberingBackend backend = backend(0);
    Engine engine = engine(backend);
    runTwoThatDoNotFitTogether(engine);
    assertEquals(0, backend.copyCount());
    long recomputed = backend.computedRows() - 2 * SEQUENCE_ROWS;
    assertTrue(recomputed >= engine.status("m", 0).preemptions() * BLOCK_TOKENS);
  }

  @Test
  void findsAPromptInTheHostTierThatTheDeviceForgot() {
    RememberingBackend backend = backend(HOST_BLOCKS);
    Engine engine = engine(backend);
    int[] prompt = prompt(21, 0);
    engine.submit(Requests.greedy(1, prompt, 3));
    runAll(engine);
    engine.submit(Requests.greedy(2, prompt(BLOCKS * BLOCK_TOKENS - 1, 1), 1));
    runAll(engine);
    int before = backend.computedRows();
    engine.submit(Requests.greedy(3, prompt, 3));
    runAll(engine);
    assertText(1, prompt, 3);
    assertText(3, prompt, 3);
    assertEquals(20, cachedTokens(3));
    assertEquals(before + 1 + 2, backend.computedRows());
  }

  @Test
  void sharesNoHostBlockBetweenTenants() {
    Engine engine = engine(backend(HOST_BLOCKS));
    int[] prompt = prompt(21, 0);
    engine.submit(Requests.greedy(1, "a", prompt, 3, Set.of()));
    runAll(engine);
    engine.submit(Requests.greedy(2, "a", prompt(31, 1), 1, Set.of()));
    runAll(engine);
    engine.submit(Requests.greedy(3, "b", prompt, 3, Set.of()));
    runAll(engine);
    assertEquals(0, cachedTokens(3));
  }

  @Test
  void aCopyThatFailsIsMadeWhenTheStepIsTriedAgain() {
    RememberingBackend faultless = backend(HOST_BLOCKS);
    runTwoThatDoNotFitTogether(engine(faultless));
    assertTrue(faultless.copyCount() > 2);
    for (int copy = 0; copy < faultless.copyCount(); copy++) {
      EngineHostTierTest faulty = new EngineHostTierTest();
      RememberingBackend backend = backend(HOST_BLOCKS);
      backend.failCopy(copy);
      faulty.runTwoThatDoNotFitTogether(faulty.engine(backend));
      assertEquals(faultless.copyCount() + 1, backend.copyCount());
    }
  }

  @Test
  void aStepThatFailsAfterItsCopiesLosesNone() {
    RememberingBackend backend = backend(HOST_BLOCKS);
    Engine engine = engine(backend);
    int[] prompt = prompt(21, 0);
    List<Integer> answer = EngineTest.expected(prompt, 3, Set.of());
    engine.submit(Requests.greedy(1, prompt, 3));
    runAll(engine);
    engine.submit(Requests.greedy(2, prompt(BLOCKS * BLOCK_TOKENS - 1, 1), 1));
    runAll(engine);
    int poison = RememberingBackend.VOCABULARY_SIZE;
    backend.failOn(token -> token == poison);
    engine.submit(Requests.greedy(3, prompt, 3));
    engine.submit(Requests.greedy(4, new int[] {poison}, 3));
    runAll(engine);
    assertEquals(answer, log.tokens(3));
    assertEquals(20, cachedTokens(3));
    assertInstanceOf(SequenceEvent.Failed.class, log.terminal(4));
  }

  @Test
  void reportsItsHostBlocks() {
    Engine engine = engine(backend(HOST_BLOCKS));
    assertEquals(HOST_BLOCKS, engine.status("m", 0).hostBlocks());
    assertEquals(0, engine.status("m", 0).hostCachedBlocks());
    runTwoThatDoNotFitTogether(engine);
    assertTrue(engine.status("m", 0).hostCachedBlocks() > 0);
  }
}
