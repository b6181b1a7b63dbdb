package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * An engine over a backend that takes the next step while one runs does all that it does over the
 * other, and what becomes of a step in flight.
 */
class EnginePipelineTest extends EngineTest {
  @Override
  PipelinedBackend backend(int blockCount, int blockTokens, int maxStepTokens) {
    return new PipelinedBackend(blockCount, 0, blockTokens, maxStepTokens);
  }

  @Test
  void beginsAStepWhileTheOneBeforeRuns() {
    PipelinedBackend backend = backend(64, 4, 64);
    Engine engine = engine(backend, 8);
    engine.submit(Requests.greedy(1, prompt(10, 0), 7));
    engine.step();
    assertEquals(1, log.tokens(1).size());
    assertEquals(2, backend.deepest());
    runAll(engine);
    assertEquals(7, engine.status("m", 0).stepCount());
  }

  @Test
  void aStopTokenEndsASequenceWhoseNextRowIsInFlight() {
    Engine engine = engine(backend(64, 4, 64), 8);
    int[] prompt = prompt(11, 0);
    int third = expected(prompt, 3, Set.of()).get(2);
    List<Integer> shown = expected(prompt, 20, Set.of(third));
    engine.submit(Requests.greedy(1, "tenant", prompt, 20, Set.of(third)));
    while (log.terminal(1) == null) {
      engine.step();
    }
    assertEquals(64, engine.status("m", 0).freeBlocks());
    assertTrue(engine.hasWork(), "a step is in flight still");
    engine.step();
    assertFalse(engine.hasWork());
    assertEquals(shown, log.tokens(1));
    var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(1));
    assertEquals(FinishReason.STOP, finished.reason());
    assertEquals(shown.size() + 1, finished.usage().completionTokens());
  }

  @Test
  void aCancelledSequencesRowInFlightIsIgnoredAndItsBlocksServeOthers() {
    Engine engine = engine(backend(4, 4, 16), 8);
    engine.submit(Requests.greedy(1, prompt(8, 0), 8));
    engine.step();
    engine.step();
    engine.cancel(new RequestId(1));
    assertEquals(4, engine.status("m", 0).freeBlocks());
    engine.submit(Requests.greedy(2, prompt(8, 1), 8));
    runAll(engine);
    assertEquals(2, log.tokens(1).size());
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(1));
    assertInstanceOf(Failure.Cancelled.class, failed.failure());
    assertEquals(expected(prompt(8, 1), 8, Set.of()), log.tokens(2));
  }

  @Test
  void aSequenceThatIsPreemptedInFlightKeepsTheTokenBeingChosen() {
    Engine engine = engine(backend(8, 4, 32), 8);
    engine.submit(Requests.greedy(1, prompt(10, 0), 20));
    engine.submit(Requests.greedy(2, prompt(10, 1), 20));
    boolean seen = false;
    while (engine.hasWork()) {
      long preemptions = engine.status("m", 0).preemptions();
      int before = log.tokens(2).size();
      engine.step();
      if (engine.status("m", 0).preemptions() > preemptions) {
        seen = true;
        assertEquals(before + 1, log.tokens(2).size(), "the token of the step in flight is lost");
      }
    }
    assertTrue(seen);
    assertEquals(expected(prompt(10, 0), 20, Set.of()), log.tokens(1));
    assertEquals(expected(prompt(10, 1), 20, Set.of()), log.tokens(2));
  }

  /** It would fit in at once, as it shares all its blocks but one with its twin. */
  @Test
  void aPreemptedSequenceIsNotTakenInAgainBeforeItsTokenIsKnown() {
    Engine engine = engine(backend(8, 4, 32), 8);
    engine.submit(Requests.greedy(1, prompt(10, 0), 20));
    engine.submit(Requests.greedy(2, prompt(10, 0), 20));
    while (engine.status("m", 0).preemptions() == 0) {
      assertTrue(engine.hasWork(), "nothing was preempted");
      engine.step();
    }
    assertEquals(1, engine.status("m", 0).waiting());
    engine.step();
    assertEquals(0, engine.status("m", 0).waiting());
    runAll(engine);
    assertEquals(expected(prompt(10, 0), 20, Set.of()), log.tokens(1));
    assertEquals(log.tokens(1), log.tokens(2));
  }

  @Test
  void aFailureInFlightFailsOnlyTheSequenceAtFault() {
    PipelinedBackend backend = backend(64, 4, 64);
    Engine engine = engine(backend, 8);
    int[] prompt = prompt(10, 0);
    List<Integer> answer = expected(prompt, 12, Set.of());
    int[] other = {1, 2, 3};
    int poison = answer.get(4);
    List<Integer> healthy = expected(other, 12, Set.of(poison));
    int[] late = {4, 4, 4, 4, 4};
    List<Integer> lateHealthy = expected(late, 12, Set.of(poison));
    assertFalse(healthy.isEmpty() || lateHealthy.isEmpty());
    backend.failOn(token -> token == poison);
    engine.submit(Requests.greedy(1, other, healthy.size()));
    engine.submit(Requests.greedy(2, prompt, 12));
    engine.step();
    engine.step();
    engine.step();
    engine.submit(Requests.greedy(3, late, lateHealthy.size()));
    runAll(engine);
    assertEquals(healthy, log.tokens(1));
    assertEquals(answer.subList(0, 5), log.tokens(2));
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(2));
    assertInstanceOf(Failure.EngineFailed.class, failed.failure());
    assertEquals(lateHealthy, log.tokens(3));
    assertInstanceOf(SequenceEvent.Finished.class, log.terminal(3));
    assertEquals(64, engine.status("m", 0).freeBlocks());
  }

  @Test
  void aSequenceWithPenaltiesSitsStepsOutAndNobodyElseDoes() {
    Engine engine = engine(backend(64, 4, 64), 8);
    engine.submit(Requests.withPresencePenalty(1, prompt(10, 0), 40));
    engine.submit(Requests.greedy(2, prompt(10, 1), 40));
    engine.step();
    for (int step = 1; step <= 8; step++) {
      int before = log.tokens(2).size();
      engine.step();
      assertEquals(before + 1, log.tokens(2).size(), "a stream stood still in step " + step);
    }
    int withPenalties = log.tokens(1).size();
    assertTrue(withPenalties >= 4 && withPenalties <= 5, "tokens=" + withPenalties);
    runAll(engine);
    assertEquals(40, Set.copyOf(log.tokens(1)).size());
    assertEquals(expected(prompt(10, 1), 40, Set.of()), log.tokens(2));
  }

  @Test
  void noStepIsBegunForATokenBeyondTheLimit() {
    for (int maxTokens : new int[] {0, 1, 2, 5}) {
      PipelinedBackend backend = backend(3, 4, 16);
      Engine engine = engine(backend, 1);
      engine.submit(Requests.greedy(maxTokens, prompt(12 - maxTokens, 0), maxTokens));
      runAll(engine);
      assertEquals(expected(prompt(12 - maxTokens, 0), maxTokens, Set.of()), log.tokens(maxTokens));
      var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(maxTokens));
      assertEquals(FinishReason.LENGTH, finished.reason());
      assertEquals(maxTokens, finished.usage().completionTokens());
      assertEquals(Math.max(1, maxTokens), engine.status("m", 0).stepCount());
    }
  }

  @Test
  void sampledTextsAreThoseOfABackendWithoutAPipeline() {
    RememberingBackend plain = new RememberingBackend(24, 4, 16);
    PipelinedBackend pipelined = backend(24, 4, 16);
    EventLog plainLog = new EventLog();
    Engine first = new Engine(plain, new EngineSettings(4, 40, true), plainLog, () -> 0);
    Engine second = engine(pipelined, 4);
    for (int id = 0; id < 12; id++) {
      float penalty = id % 3 == 0 ? 0.5f : 0;
      SamplingParams params =
          new SamplingParams(
              2f, 0, 0.9f, 0, penalty, penalty, 1, Map.of(3, 1f), id, 30, Set.of(9), 1, -1);
      int[] prompt = prompt(5 + 3 * id, id);
      GenerationRequest request =
          new GenerationRequest(new RequestId(id), "api.test", "tenant", prompt, params);
      first.submit(request);
      second.submit(request);
    }
    runAll(first);
    runAll(second);
    assertEquals(2, pipelined.deepest());
    for (int id = 0; id < 12; id++) {
      assertEquals(eventsOf(plainLog, id), eventsOf(log, id));
    }
  }

  private static List<SequenceEvent> eventsOf(EventLog log, long id) {
    return log.all().stream()
        .filter(event -> event.id().equals(new RequestId(id)))
        .filter(
            event -> event instanceof SequenceEvent.Token || event instanceof SequenceEvent.Failed)
        .toList();
  }

  @Test
  void awaitsTheStepInFlightWhenClosed() {
    PipelinedBackend backend = backend(64, 4, 64);
    Engine engine = engine(backend, 1);
    engine.submit(Requests.greedy(1, prompt(5, 0), 100));
    engine.step();
    engine.close();
    assertTrue(backend.closed());
    assertEquals(0, backend.begunCount());
    assertInstanceOf(SequenceEvent.Failed.class, log.terminal(1));
  }
}
