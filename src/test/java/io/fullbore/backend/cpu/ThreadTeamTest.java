package io.fullbore.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ThreadTeamTest {
  @Test
  void runsEveryTaskOnceInEverySection() {
    try (ThreadTeam team = new ThreadTeam(4)) {
      for (int section = 0; section < 2_000; section++) {
        int tasks = section % 37;
        AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
        team.run(tasks, runs::incrementAndGet);
        for (int task = 0; task < tasks; task++) {
          assertEquals(1, runs.get(task));
        }
      }
    }
  }

  @Test
  void reportsAFailingTaskAndGoesOn() {
    try (ThreadTeam team = new ThreadTeam(3)) {
      assertThrows(
          RuntimeException.class,
          () ->
              team.run(
                  100,
                  task -> {
                    throw new IllegalArgumentException("task=" + task);
                  }));
      AtomicIntegerArray runs = new AtomicIntegerArray(10);
      team.run(10, runs::incrementAndGet);
      assertEquals(1, runs.get(9));
    }
  }
}
