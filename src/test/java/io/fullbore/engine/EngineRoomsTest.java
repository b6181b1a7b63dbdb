package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EngineRoomsTest {
  private final EngineRooms rooms = new EngineRooms(List.of("m/0", "m/1"), 4);
  private final List<GenerationRequest> requests =
      List.of(
          Requests.greedy(1, new int[] {1, 2, 3}, 5), Requests.greedy(2, new int[] {1, 2, 3}, 5));

  private boolean report(String replica, int running, int freeBlocks, @Nullable String fault) {
    return rooms.update(
        new EngineStatus(
            replica, 0, running, 0, 8, freeBlocks, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, fault),
        0);
  }

  @Test
  void theEngineWithTheMostRoomGetsTheBatch() {
    report("m/0", 0, 1, null);
    report("m/1", 6, 40, null);
    assertEquals("m/1", rooms.best(requests).replica());
  }

  @Test
  void amongEqualsTheOneWithLessToDoGetsIt() {
    report("m/0", 3, 40, null);
    report("m/1", 2, 40, null);
    assertEquals("m/1", rooms.best(requests).replica());
    rooms.best(requests).sent(requests);
    assertEquals("m/0", rooms.best(requests).replica());
  }

  @Test
  void anEngineWithAFaultGetsNothingWhileAnotherIsUp() {
    report("m/0", 0, 64, "it is gone");
    report("m/1", 8, 0, null);
    assertEquals("m/1", rooms.best(requests).replica());
    report("m/1", 8, 0, "it is gone too");
    assertEquals("m/0", rooms.best(requests).replica());
  }

  @Test
  void statusesOfOthersAreNotTheirs() {
    assertTrue(report("m/1", 0, 1, null));
    assertFalse(report("m", 0, 1, null));
  }
}
