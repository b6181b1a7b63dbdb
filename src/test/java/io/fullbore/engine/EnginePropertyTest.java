package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.RequestId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Thousands of random arrivals, lengths, shared prefixes and cancellations against tiny block
 * pools, with and without a host tier, with steps that fail now and then: every sequence ends once,
 * its text is what it would be alone, nobody starves, and no block is lost.
 */
class EnginePropertyTest {
  private static final int SEQUENCES = 1_500;

  /** Too weak to change a text, but enough to keep a sequence out of a step in flight. */
  private static final float PENALTY = 0.001f;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void everySequenceEndsOnceWithItsOwnTextAndNoBlockIsLost(int seed) {
    run(seed, RememberingBackend::new);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void theSameHoldsWithAStepInFlight(int seed) {
    run(seed, PipelinedBackend::new);
  }

  /** Makes a backend. */
  private interface BackendMaker {
    RememberingBackend make(int blockCount, int hostBlockCount, int blockTokens, int maxStepTokens);
  }

  private static void run(int seed, BackendMaker maker) {
    Random random = new Random(seed);
    int blockTokens = 1 + random.nextInt(8);
    int blockCount = 12 + random.nextInt(40);
    int maxRunning = 1 + random.nextInt(12);
    int maxStepTokens = maxRunning + random.nextInt(30);
    int hostBlockCount = seed % 2 == 0 ? 0 : 1 + random.nextInt(80);
    int capacity = blockCount * blockTokens;
    EventLog log = new EventLog();
    long[] nowNanos = {0};
    RememberingBackend backend = maker.make(blockCount, hostBlockCount, blockTokens, maxStepTokens);
    Engine engine =
        new Engine(
            backend,
            new EngineSettings(maxRunning, 1 + random.nextInt(50), random.nextInt(4) > 0),
            log,
            () -> nowNanos[0]);

    Map<Long, GenerationRequest> requests = new HashMap<>();
    Set<Long> cancelled = new HashSet<>();
    int[][] sharedPrefixes = new int[4][];
    for (int i = 0; i < sharedPrefixes.length; i++) {
      sharedPrefixes[i] = randomTokens(random, random.nextInt(capacity / 2));
    }
    long nextId = 0;
    int step = 0;
    while (nextId < SEQUENCES || engine.hasWork()) {
      for (int arrivals = random.nextInt(4); arrivals > 0 && nextId < SEQUENCES; arrivals--) {
        GenerationRequest request = randomRequest(random, nextId, capacity, sharedPrefixes);
        requests.put(nextId, request);
        engine.submit(request);
        nextId++;
      }
      if (random.nextInt(5) == 0 && nextId > 0) {
        long victim = Math.max(0, nextId - 1 - random.nextInt(20));
        if (log.terminal(victim) == null) {
          cancelled.add(victim);
        }
        engine.cancel(new RequestId(victim));
      }
      if (random.nextInt(1_000) == 0) {
        backend.failOnce();
      }
      engine.step();
      nowNanos[0] += 1 + random.nextInt(3_000_000);
      EngineStatus status = engine.status("m", 0);
      assertTrue(status.running() <= maxRunning);
      assertTrue(status.freeBlocks() >= 0 && status.freeBlocks() <= blockCount);
      assertTrue(status.hostCachedBlocks() <= hostBlockCount);
      assertTrue(++step < 2_000_000 / maxStepTokens, "starvation");
    }

    assertEquals(SEQUENCES, log.terminalCount());
    assertEquals(blockCount, engine.status("m", 0).freeBlocks(), "blocks leaked");
    for (GenerationRequest request : requests.values()) {
      long id = request.id().value();
      List<Integer> expected =
          EngineTest.expected(
              request.prompt(), request.params().maxTokens(), request.params().stopTokens());
      assertNotNull(log.terminal(id));
      if (cancelled.contains(id)) {
        List<Integer> got = log.tokens(id);
        assertEquals(expected.subList(0, got.size()), got);
        assertInstanceOf(SequenceEvent.Failed.class, log.terminal(id));
      } else {
        assertEquals(expected, log.tokens(id), "id=" + id);
        assertInstanceOf(SequenceEvent.Finished.class, log.terminal(id));
      }
    }
  }

  private static GenerationRequest randomRequest(
      Random random, long id, int capacity, int[][] sharedPrefixes) {
    int[] prefix = sharedPrefixes[random.nextInt(sharedPrefixes.length)];
    int shared = random.nextInt(3) == 0 ? 0 : random.nextInt(prefix.length + 1);
    int own = 1 + random.nextInt(Math.max(1, capacity / 3));
    int[] prompt = new int[Math.min(capacity - 1, shared + own)];
    int[] tail = randomTokens(random, prompt.length);
    System.arraycopy(tail, 0, prompt, 0, prompt.length);
    System.arraycopy(prefix, 0, prompt, 0, Math.min(shared, prompt.length));
    int maxTokens = random.nextInt(Math.min(40, capacity - prompt.length) + 1);
    String tenant = random.nextInt(10) == 0 ? "other" : "tenant";
    Set<Integer> stops = random.nextBoolean() ? Set.of() : Set.of(random.nextInt(50));
    float penalty = random.nextInt(4) == 0 ? PENALTY : 0;
    return new GenerationRequest(
        new RequestId(id), "api.test", tenant, prompt, Requests.params(maxTokens, penalty, stops));
  }

  private static int[] randomTokens(Random random, int count) {
    return random.ints(count, 0, RememberingBackend.VOCABULARY_SIZE).toArray();
  }
}
