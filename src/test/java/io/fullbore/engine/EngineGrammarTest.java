package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Constraint;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import io.fullbore.sampling.grammar.Grammars;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Constrained sequences beside others, preempted, tried again, and with a step in flight. */
class EngineGrammarTest {
  private static final int STOP = 49;
  private static final String PATTERN = "a[b-d]{3}(ef|g)*h{1,9}";
  private static final int SEQUENCES = 300;

  /** Token n is the n-th letter; the last tokens are no text. */
  private static byte[] bytesOf(int token) {
    return token < 26 ? new byte[] {(byte) ('a' + token)} : new byte[0];
  }

  private final EventLog log = new EventLog();
  private final Grammars grammars =
      new Grammars(RememberingBackend.VOCABULARY_SIZE, EngineGrammarTest::bytesOf);

  private Engine engine(RememberingBackend backend, int maxRunning) {
    return new Engine(backend, new EngineSettings(maxRunning, 40, true), grammars, log, () -> 0);
  }

  private static GenerationRequest request(
      long id, int[] prompt, int maxTokens, Constraint.Kind kind, String source) {
    SamplingParams params =
        new SamplingParams(
            1,
            0,
            1,
            0,
            0,
            0,
            1,
            Map.of(),
            id,
            maxTokens,
            Set.of(STOP),
            0,
            -1,
            new Constraint(kind, source));
    return new GenerationRequest(new RequestId(id), "api.test", "tenant", prompt, params);
  }

  private String text(long id) {
    var text = new StringBuilder();
    log.tokens(id).forEach(token -> text.append((char) ('a' + token)));
    return text.toString();
  }

  private static void runAll(Engine engine) {
    while (engine.hasWork()) {
      engine.step();
    }
  }

  private static RememberingBackend backend(boolean pipelined, int blockCount) {
    return pipelined
        ? new PipelinedBackend(blockCount, 0, 4, 32)
        : new RememberingBackend(blockCount, 4, 32);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void answersKeepToTheirGrammarsWhateverHappens(boolean pipelined) {
    Random random = new Random(1);
    RememberingBackend backend = backend(pipelined, 16);
    Engine engine = engine(backend, 6);
    Map<Long, Integer> limits = new HashMap<>();
    for (long id = 0; id < SEQUENCES; id++) {
      int[] prompt = EngineTest.prompt(1 + random.nextInt(20), (int) id % 5);
      int maxTokens = 1 + random.nextInt(30);
      if (id % 3 == 0) {
        engine.submit(Requests.greedy(id, prompt, maxTokens));
      } else {
        limits.put(id, maxTokens);
        engine.submit(request(id, prompt, maxTokens, Constraint.Kind.REGEX, PATTERN));
      }
      if (random.nextInt(20) == 0) {
        backend.failOnce();
      }
      engine.step();
    }
    runAll(engine);
    assertTrue(engine.status("m", 0).preemptions() > 0, "nothing was preempted");
    Pattern pattern = Pattern.compile(PATTERN);
    limits.forEach(
        (id, maxTokens) -> {
          var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(id));
          var matcher = pattern.matcher(text(id));
          assertTrue(matcher.matches() || matcher.hitEnd(), text(id));
          if (finished.reason() == FinishReason.STOP) {
            assertTrue(matcher.matches(), text(id));
          } else {
            assertEquals(maxTokens, log.tokens(id).size());
          }
        });
    assertEquals(SEQUENCES, log.terminalCount());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAnswerThatCannotGoOnEndsWithoutAStopToken(boolean pipelined) {
    Engine engine = engine(backend(pipelined, 16), 4);
    engine.submit(request(1, new int[] {1}, 20, Constraint.Kind.CHOICE, "[\"yes\",\"no\"]"));
    runAll(engine);
    assertTrue(List.of("yes", "no").contains(text(1)), text(1));
    var finished = assertInstanceOf(SequenceEvent.Finished.class, log.terminal(1));
    assertEquals(FinishReason.STOP, finished.reason());
    assertEquals(text(1).length(), finished.usage().completionTokens());
  }

  @Test
  void aTextThatTheVocabularyLacksFailsAlone() {
    Engine engine = engine(backend(false, 16), 4);
    engine.submit(request(1, new int[] {1}, 20, Constraint.Kind.REGEX, "ab[0-9]"));
    engine.submit(Requests.greedy(2, new int[] {2}, 5));
    runAll(engine);
    assertEquals("ab", text(1));
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(1));
    assertInstanceOf(Failure.EngineFailed.class, failed.failure());
    assertInstanceOf(SequenceEvent.Finished.class, log.terminal(2));
  }

  @Test
  void aGrammarThatIsWrongFailsAtOnce() {
    Engine engine = engine(backend(false, 16), 4);
    engine.submit(request(1, new int[] {1}, 20, Constraint.Kind.GBNF, "root ::= root"));
    var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(1));
    assertInstanceOf(Failure.InvalidRequest.class, failed.failure());
  }
}
