package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.Usage;
import io.fullbore.sampling.TokenLogprobs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What an engine does over a backend that runs one step at a time. */
class EngineTest {
  final EventLog log = new EventLog();
  private long nowNanos;

  /** Makes the backend; its text is the same however deep its pipeline is. */
  RememberingBackend backend(int blockCount, int blockTokens, int maxStepTokens) {
    return new RememberingBackend(blockCount, blockTokens, maxStepTokens);
  }

  final Engine engine(RememberingBackend backend, int maxRunning) {
    return new Engine(backend, new EngineSettings(maxRunning, 40, true), log, () -> nowNanos);
  }

  final void runAll(Engine engine) {
    for (int steps = 0; engine.hasWork(); steps++) {
      assertTrue(steps < 10_000, "the engine makes no progress");
      engine.step();
      nowNanos += 1_000_000;
    }
  }

  static int[] prompt(int length, int salt) {
    return IntStream.range(0, length).map(i -> (i * 7 + salt) % 50).toArray();
  }

  static List<Integer> expected(int[] prompt, int maxTokens, Set<Integer> stopTokens) {
    int[] tokens = Arrays.copyOf(prompt, prompt.length + maxTokens);
    List<Integer> answer = new ArrayList<>();
    for (int i = 0; i < maxTokens; i++) {
      int next = RememberingBackend.nextToken(tokens, prompt.length + i);
      if (stopTokens.contains(next)) {
        break;
      }
      tokens[prompt.length + i] = next;
      answer.add(next);
    }
    return answer;
  }

  @Test
  void generatesUntilTheTokenLimit() {
    Engine engine = engine(backend(64, 4, 64), 8);
    engine.submit(Requests.greedy(1, prompt(10, 0), 7));
    runAll(engine);
    assertEquals(expected(prompt(10, 0), 7, Set.of()), log.tokens(1));
    assertEquals(
        new SequenceEvent.Finished(new RequestId(1), FinishReason.LENGTH, new Usage(10, 0, 7)),
        log.terminal(1));
    assertEquals(64, engine.status("m", 0).freeBlocks());
  }

  @Test
  void endsAtAStopTokenWithoutShowingIt() {
    int[] prompt = prompt(10, 0);
    int third = expected(prompt, 3, Set.of()).get(2);
    List<Integer> shown = expected(prompt, 20, Set.of(third));
    Engine engine = engine(backend(64, 4, 64), 8);
    engine.submit(Requests.greedy(1, "tenant", prompt, 20, Set.of(third)));
    runAll(engine);
    assertEquals(shown, log.tokens(1));
    var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(1));
    assertEquals(FinishReason.STOP, finished.reason());
    assertEquals(shown.size() + 1, finished.usage().completionTokens());
  }

  @Test
  void computesAPromptInChunksWithPositionsThatGoOnCounting() {
    Engine engine = engine(backend(64, 4, 16), 8);
    int[] prompt = prompt(150, 3);
    engine.submit(Requests.greedy(1, prompt, 5));
    engine.step();
    assertEquals(16, engine.status("m", 0).promptTokens());
    assertEquals(List.of(), log.tokens(1));
    runAll(engine);
    assertEquals(expected(prompt, 5, Set.of()), log.tokens(1));
  }

  @Test
  void keepsDecodingWhileALongPromptIsComputed() {
    Engine engine = engine(backend(256, 4, 16), 8);
    engine.submit(Requests.greedy(1, prompt(4, 0), 40));
    engine.step();
    engine.submit(Requests.greedy(2, prompt(300, 1), 1));
    for (int step = 0; step < 15; step++) {
      int before = log.tokens(1).size();
      engine.step();
      assertEquals(before + 1, log.tokens(1).size(), "a stream stood still in step " + step);
    }
    assertNull(log.terminal(2));
    runAll(engine);
  }

  @Test
  void letsAShortPromptOvertakeALongOne() {
    RememberingBackend backend = backend(512, 4, 16);
    Engine engine = engine(backend, 8);
    engine.submit(Requests.greedy(1, prompt(1000, 0), 1));
    engine.step();
    engine.submit(Requests.greedy(2, prompt(10, 1), 1));
    for (int step = 0; step < backend.pipelineDepth(); step++) {
      engine.step();
    }
    assertNotNull(log.terminal(2));
    assertNull(log.terminal(1));
    runAll(engine);
  }

  @Test
  void aLongPromptFinishesUnderAStreamOfShortOnesWithAKnownPrefix() {
    Engine engine = engine(backend(1_024, 4, 16), 4);
    engine.submit(Requests.greedy(0, prompt(3_000, 1), 1));
    int step = 0;
    for (long id = 1; log.terminal(0) == null; step++) {
      assertTrue(step < 6_000, "the long prompt starves");
      while (engine.status("m", 0).waiting() < 2) {
        engine.submit(Requests.greedy(id++, prompt(100, 0), 20));
      }
      engine.step();
    }
    runAll(engine);
  }

  @Test
  void requestsDoNotWaitForEachOtherWhereNoPrefixIsKept() {
    Engine engine =
        new Engine(backend(256, 4, 512), new EngineSettings(16, 40, false), log, () -> 0);
    for (int id = 0; id < 8; id++) {
      engine.submit(Requests.greedy(id, prompt(10, 0), 1));
    }
    engine.step();
    engine.step();
    assertTrue(engine.status("m", 0).running() + log.terminalCount() >= 3);
    runAll(engine);
  }

  @Test
  void usesTheKvOfAKnownPrefixAgain() {
    Engine engine = engine(backend(64, 4, 64), 8);
    int[] prompt = prompt(21, 0);
    engine.submit(Requests.greedy(1, prompt, 3));
    runAll(engine);
    engine.submit(Requests.greedy(2, prompt, 3));
    runAll(engine);
    assertEquals(log.tokens(1), log.tokens(2));
    var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(2));
    assertEquals(20, finished.usage().cachedTokens());
    assertEquals(21 + 1, engine.status("m", 0).promptTokens());
  }

  @Test
  void sharesNoKvBetweenTenants() {
    Engine engine = engine(backend(64, 4, 64), 8);
    int[] prompt = prompt(21, 0);
    engine.submit(Requests.greedy(1, "a", prompt, 3, Set.of()));
    runAll(engine);
    engine.submit(Requests.greedy(2, "b", prompt, 3, Set.of()));
    runAll(engine);
    var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(2));
    assertEquals(0, finished.usage().cachedTokens());
  }

  @Test
  void computesAPromptOnceForRequestsThatComeTogether() {
    Engine engine = engine(backend(256, 4, 16), 16);
    int[] prompt = prompt(80, 0);
    for (int id = 1; id <= 10; id++) {
      engine.submit(Requests.greedy(id, prompt, 4));
    }
    runAll(engine);
    for (int id = 1; id <= 10; id++) {
      assertEquals(expected(prompt, 4, Set.of()), log.tokens(id));
    }
    assertTrue(engine.status("m", 0).promptTokens() <= 80 + 9 * 4);
  }

  @Test
  void preemptsTheLaterSequenceWhenBlocksRunOutAndLosesNothing() {
    Engine engine = engine(backend(8, 4, 32), 8);
    engine.submit(Requests.greedy(1, prompt(10, 0), 20));
    engine.submit(Requests.greedy(2, prompt(10, 1), 20));
    runAll(engine);
    assertTrue(engine.status("m", 0).preemptions() > 0);
    assertEquals(expected(prompt(10, 0), 20, Set.of()), log.tokens(1));
    assertEquals(expected(prompt(10, 1), 20, Set.of()), log.tokens(2));
    assertEquals(8, engine.status("m", 0).freeBlocks());
  }

  @Test
  void refusesWhatCanNeverFit() {
    Engine engine = engine(backend(4, 4, 16), 8);
    engine.submit(Requests.greedy(1, prompt(10, 0), 7));
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(1));
    assertEquals(new Failure.ContextLengthExceeded(16, 10, 7), failed.failure());
    assertFalse(engine.hasWork());
  }

  @Test
  void failsOnlyTheSequenceAtFaultWhenAStepFails() {
    RememberingBackend backend = backend(64, 4, 64);
    backend.failOn(token -> token == 49);
    Engine engine = engine(backend, 8);
    int[] poisoned = prompt(10, 0);
    poisoned[5] = 49;
    int[] healthy = {1, 2, 3};
    List<Integer> answer = expected(healthy, 3, Set.of(49));
    engine.submit(Requests.greedy(1, healthy, answer.size()));
    engine.submit(Requests.greedy(2, poisoned, 3));
    runAll(engine);
    assertEquals(answer, log.tokens(1));
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(2));
    assertInstanceOf(Failure.EngineFailed.class, failed.failure());
    assertEquals(64, engine.status("m", 0).freeBlocks());
  }

  @Test
  void failsASequenceWhoseLogitsAreNotNumbers() {
    RememberingBackend backend = backend(64, 4, 64);
    backend.giveNotANumber();
    Engine engine = engine(backend, 8);
    engine.submit(Requests.greedy(1, prompt(5, 0), 3));
    runAll(engine);
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(1));
    assertInstanceOf(Failure.EngineFailed.class, failed.failure());
  }

  @Test
  void endsEverythingWhenClosed() {
    RememberingBackend backend = backend(64, 4, 64);
    Engine engine = engine(backend, 1);
    engine.submit(Requests.greedy(1, prompt(5, 0), 100));
    engine.submit(Requests.greedy(2, prompt(5, 1), 100));
    engine.step();
    engine.close();
    assertEquals(2, log.terminalCount());
    assertTrue(backend.closed());
  }

  @Test
  void scoresAPromptTokenByToken() {
    Engine engine = engine(backend(64, 4, 16), 8);
    int[] prompt = prompt(40, 0);
    engine.submit(
        new GenerationRequest(
            new RequestId(1), "api.test", "t", prompt, Requests.params(0, Set.of(), -1, 2)));
    runAll(engine);
    List<TokenLogprobs> scored =
        log.all().stream()
            .filter(SequenceEvent.PromptScored.class::isInstance)
            .flatMap(event -> ((SequenceEvent.PromptScored) event).logprobs().stream())
            .toList();
    assertEquals(39, scored.size());
    for (int i = 0; i < scored.size(); i++) {
      assertEquals(prompt[i + 1], scored.get(i).token());
      assertEquals(RememberingBackend.nextToken(prompt, i + 1), scored.get(i).topTokens()[0]);
    }
    assertEquals(
        new SequenceEvent.Finished(new RequestId(1), FinishReason.LENGTH, new Usage(40, 0, 0)),
        log.terminal(1));
  }

  @Test
  void scoresEachTokenOnceAlsoWhenItIsPreempted() {
    Engine engine = engine(backend(16, 4, 16), 8);
    int[] prompt = prompt(30, 1);
    engine.submit(Requests.greedy(1, prompt(16, 0), 40));
    engine.submit(
        new GenerationRequest(
            new RequestId(2), "api.test", "t", prompt, Requests.params(6, Set.of(), 3, 0)));
    runAll(engine);
    List<Integer> scored =
        log.all().stream()
            .filter(SequenceEvent.PromptScored.class::isInstance)
            .flatMap(event -> ((SequenceEvent.PromptScored) event).logprobs().stream())
            .map(TokenLogprobs::token)
            .toList();
    assertEquals(Arrays.stream(prompt).skip(1).boxed().toList(), scored);
    assertEquals(expected(prompt, 6, Set.of()), log.tokens(2));
  }

  @Test
  void goesOnAfterAStepThatFailedOnce() {
    RememberingBackend backend = backend(64, 4, 16);
    Engine engine = engine(backend, 8);
    for (int id = 1; id <= 4; id++) {
      engine.submit(Requests.greedy(id, prompt(20, id), 12));
    }
    for (int step = 0; engine.hasWork(); step++) {
      assertTrue(step < 10_000, "the engine makes no progress");
      if (step % 5 == 0) {
        backend.failOnce();
      }
      engine.step();
    }
    for (int id = 1; id <= 4; id++) {
      assertEquals(expected(prompt(20, id), 12, Set.of()), log.tokens(id));
    }
    assertEquals(64, engine.status("m", 0).freeBlocks());
  }

  @Test
  void penaltiesCountEveryTokenOfTheAnswer() {
    Engine engine = engine(backend(64, 4, 64), 8);
    engine.submit(
        Requests.withPresencePenalty(1, prompt(10, 0), RememberingBackend.VOCABULARY_SIZE));
    runAll(engine);
    assertEquals(
        RememberingBackend.VOCABULARY_SIZE, Set.copyOf(log.tokens(1)).size(), "a token came twice");
  }

  @Test
  void givesLogprobsOfEachToken() {
    Engine engine = engine(backend(64, 4, 64), 8);
    engine.submit(
        new GenerationRequest(
            new RequestId(1), "api.test", "t", prompt(10, 0), Requests.params(5, Set.of(), 2, -1)));
    runAll(engine);
    for (SequenceEvent event : log.all()) {
      if (event instanceof SequenceEvent.Token token) {
        TokenLogprobs logprobs = token.logprobs();
        assertNotNull(logprobs);
        assertEquals(token.token(), logprobs.token());
        assertEquals(token.token(), logprobs.topTokens()[0]);
        assertEquals(2, logprobs.topTokens().length);
      }
    }
    assertEquals(expected(prompt(10, 0), 5, Set.of()), log.tokens(1));
  }
}
