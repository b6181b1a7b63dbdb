package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
  private final RetryBudget budget = new RetryBudget();

  @Test
  void isEmptyAtFirst() {
    assertFalse(budget.take());
  }

  @Test
  void tenFirstAttemptsPayForOneRepetition() {
    for (int i = 0; i < 9; i++) {
      budget.first();
      assertFalse(budget.take());
    }
    budget.first();
    assertTrue(budget.take());
    assertFalse(budget.take());
  }

  @Test
  void repetitionsNeverExceedATenthInAnyOrder() {
    var random = new Random(1);
    long firsts = 0;
    long repeats = 0;
    for (int i = 0; i < 100_000; i++) {
      if (random.nextInt(4) > 0) {
        budget.first();
        firsts++;
      } else if (budget.take()) {
        repeats++;
      }
      assertTrue(repeats * 10 <= firsts);
    }
    assertEquals(firsts / 10, repeats, 1);
  }

  @Test
  void whatQuietTimesSaveIsBounded() {
    for (int i = 0; i < 1_000_000; i++) {
      budget.first();
    }
    int taken = 0;
    while (budget.take()) {
      taken++;
    }
    assertEquals(RetryBudget.MAX_SAVED, taken);
  }
}
