package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.Eventually;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SilenceTimerTest {
  private final ClientRig rig = new ClientRig();
  private final ManualClock clock = new ManualClock();
  private final SilenceTimer timer = new SilenceTimer(rig.vertx, clock);
  private final AtomicInteger offCount = new AtomicInteger();

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  private void start(long ms) throws Exception {
    rig.runOnLoop(() -> timer.start(ms, offCount::incrementAndGet));
  }

  /** Longer than the timer's own time, by the real clock. */
  private void letTimePass() throws Exception {
    var passed = new AtomicInteger();
    rig.vertx.setTimer(30, ignored -> passed.incrementAndGet());
    Eventually.await(() -> passed.get() == 1);
    rig.runOnLoop(() -> {});
  }

  @Test
  void silenceIsHeardOnce() throws Exception {
    start(10);
    clock.moveMs(10);
    Eventually.await(() -> offCount.get() == 1);
    clock.moveMs(10);
    letTimePass();
    assertEquals(1, offCount.get());
  }

  @Test
  void whatIsHeardPutsItOff() throws Exception {
    start(10);
    clock.moveMs(9);
    rig.runOnLoop(timer::heard);
    clock.moveMs(9);
    letTimePass();
    assertEquals(0, offCount.get());
    clock.moveMs(1);
    Eventually.await(() -> offCount.get() == 1);
  }

  @Test
  void aPauseIsNoSilence() throws Exception {
    start(10);
    rig.runOnLoop(timer::pause);
    clock.moveMs(1_000);
    letTimePass();
    rig.runOnLoop(timer::resume);
    clock.moveMs(9);
    letTimePass();
    assertEquals(0, offCount.get());
    clock.moveMs(1);
    Eventually.await(() -> offCount.get() == 1);
  }

  @Test
  void whatIsStoppedStaysStopped() throws Exception {
    start(10);
    rig.runOnLoop(timer::stop);
    rig.runOnLoop(timer::resume);
    clock.moveMs(1_000);
    letTimePass();
    assertEquals(0, offCount.get());
  }
}
