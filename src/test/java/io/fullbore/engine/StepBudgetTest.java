package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StepBudgetTest {
  private static final long TARGET_NANOS = 40_000_000;

  private final StepBudget budget = new StepBudget(TARGET_NANOS, 512);

  @Test
  void startsSmallAndGrowsOnAFastMachine() {
    assertEquals(16, budget.tokens(0));
    for (int i = 0; i < 50; i++) {
      budget.measured(100, 1_000_000);
    }
    assertEquals(512, budget.tokens(0));
  }

  @Test
  void fitsTheStepIntoItsTargetTime() {
    for (int i = 0; i < 50; i++) {
      budget.measured(100, 50_000_000);
    }
    assertTrue(Math.abs(budget.tokens(0) - 80) <= 1);
  }

  @Test
  void leavesPromptsTheirShareWhenDecodesAloneTakeTheWholeTime() {
    for (int i = 0; i < 50; i++) {
      budget.measured(30, 400_000_000);
    }
    assertEquals(30 + 16, budget.tokens(30));
    assertEquals(512, budget.tokens(510));
  }
}
