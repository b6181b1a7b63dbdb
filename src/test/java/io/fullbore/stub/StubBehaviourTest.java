package io.fullbore.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fullbore.stub.Fault.Kind;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StubBehaviourTest {
  private static final StubBehaviour FULL =
      StubBehaviour.PLAIN
          .with(
              Pace.INSTANT
                  .withLatency(new Latency.Lognormal(50, 400))
                  .withTokensPerSecond(30)
                  .withCeilingPerSecond(12)
                  .withMaxConcurrent(4))
          .with(AnswerShape.PLAIN.withTokens(3).withReasoningTokens(2).withToolCalls(1))
          .with(
              Fault.status(429).withRetryAfter("2").withRate(0.25).withCode("slow_down"),
              Fault.of(Kind.CUT).withAfterPieces(5));

  @Test
  void itsJsonIsRead() {
    assertEquals(FULL, StubBehaviour.PLAIN.changed(FULL.json()));
  }

  @Test
  void aChangeLeavesTheRest() {
    assertEquals(
        FULL.with(FULL.answer().withTokens(9)), FULL.changed("{\"answer\":{\"tokens\":9}}"));
  }

  @Test
  void faultsAreReplacedAndNeedOnlyAKind() {
    assertEquals(
        List.of(Fault.of(Kind.STALL).withRate(0.5)),
        FULL.changed("{\"faults\":[{\"kind\":\"stall\",\"rate\":0.5}]}").faults());
    assertEquals(List.of(), FULL.changed("{\"faults\":[]}").faults());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{\"speed\":1}",
        "{\"pace\":{\"latency\":\"slow\"}}",
        "{\"answer\":{\"tokens\":-1}}",
        "{\"faults\":[{\"kind\":\"fire\"}]}",
        "{\"faults\":[{\"kind\":\"cut\",\"rate\":2}]}",
        "{\"faults\":[1]}"
      })
  void otherTextIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> FULL.changed(text));
  }

  @Test
  void faultsHitAtTheirRates() {
    var random = new Random(7);
    int refused = 0;
    int cut = 0;
    for (int i = 0; i < 10_000; i++) {
      switch (FULL.drawFault(random).orElseThrow().kind()) {
        case STATUS -> refused++;
        case CUT -> cut++;
        case Kind other -> throw new AssertionError(other);
      }
    }
    assertEquals(2_500, refused, 150);
    assertEquals(7_500, cut, 150);
  }
}
