package io.fullbore.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.FinishReason;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerCodecTest {
  private static final byte[] BYTES = AnswerCodec.encode(StoredAnswers.answer("héllo 你好", true));

  @Test
  void decodesWhatItEncoded() {
    StoredAnswer original = StoredAnswers.answer("héllo 你好", true);
    StoredAnswer decoded = AnswerCodec.decode(BYTES).orElseThrow();
    assertEquals(original.events(), decoded.events());
    assertEquals(original.usage(), decoded.usage());
    assertEquals(original.storedEpochMs(), decoded.storedEpochMs());
    assertTrue(decoded.knowledge());
  }

  @Test
  void anAnswerFromElsewhereIsReadAsItWasWritten() {
    StoredAnswer original = StoredAnswers.forwarded(FinishReason.STOP);
    StoredAnswer decoded = AnswerCodec.decode(AnswerCodec.encode(original)).orElseThrow();
    assertEquals(original.events(), decoded.events());
    assertEquals(original.origin(), decoded.origin());
  }

  @Test
  void whatIsCutOrTooLongIsNoAnswer() {
    for (int length = 0; length < BYTES.length; length++) {
      assertEquals(Optional.empty(), AnswerCodec.decode(Arrays.copyOf(BYTES, length)));
    }
    assertEquals(Optional.empty(), AnswerCodec.decode(Arrays.copyOf(BYTES, BYTES.length + 1)));
  }

  @Test
  void damageEndsInAnAnswerOrInNone() {
    var random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = BYTES.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      AnswerCodec.decode(damaged).ifPresent(answer -> assertTrue(answer.weightBytes() >= 0));
    }
  }
}
