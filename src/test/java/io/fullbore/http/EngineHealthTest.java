package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EngineHealthTest {
  private final AtomicLong nanos = new AtomicLong(-5);
  private final EngineHealth health = new EngineHealth(List.of(TestModel.VERSION), nanos::get);

  private void later(long share) {
    nanos.addAndGet(EngineHealth.STALL_NANOS / share);
  }

  @Test
  void anEngineThatHasNotReportedIsMissing() {
    assertEquals(List.of(TestModel.VERSION), health.missing());
    assertEquals(List.of(), health.stalled());
    health.update(EndpointsTest.status(0, 0));
    assertEquals(List.of(), health.missing());
  }

  @Test
  void anIdleEngineNeverStalls() {
    health.update(EndpointsTest.status(0, 7));
    later(1);
    later(1);
    assertEquals(List.of(), health.stalled());
    health.update(EndpointsTest.status(1, 7));
    assertEquals(List.of(), health.stalled());
  }

  @Test
  void reportsWithoutStepsAreNoProgress() {
    health.update(EndpointsTest.status(1, 7));
    later(2);
    health.update(EndpointsTest.status(2, 7));
    later(2);
    assertEquals(List.of(TestModel.VERSION), health.stalled());
  }

  @Test
  void everyStepIsProgress() {
    health.update(EndpointsTest.status(1, 7));
    later(2);
    health.update(EndpointsTest.status(1, 8));
    later(2);
    assertEquals(List.of(), health.stalled());
    later(2);
    assertEquals(List.of(TestModel.VERSION), health.stalled());
  }
}
