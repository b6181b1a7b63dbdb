package io.fullbore.serving;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.engine.BatchMessage.Submit;
import io.vertx.core.eventbus.DeliveryOptions;
import org.junit.jupiter.api.Test;

class PatienceTest {
  @Test
  void theQueuesAnswerIsAwaitedForLongerThanARequestMayWaitThere() {
    for (long maxWaitMs : new long[] {0, 500, 600_000, 86_400_000}) {
      long timeoutMs = new Patience(maxWaitMs, 600_000).delivery().getSendTimeout();
      assertTrue(timeoutMs >= maxWaitMs + DeliveryOptions.DEFAULT_TIMEOUT, () -> "" + timeoutMs);
    }
  }

  @Test
  void whoMayWaitForEverIsAnsweredAtOnce() {
    long timeoutMs = Patience.UNLIMITED.delivery().getSendTimeout();
    assertTrue(timeoutMs == DeliveryOptions.DEFAULT_TIMEOUT, () -> "" + timeoutMs);
    assertTrue(new Patience(Submit.NO_LIMIT - 1, Submit.NO_LIMIT).delivery().getSendTimeout() > 0);
  }
}
