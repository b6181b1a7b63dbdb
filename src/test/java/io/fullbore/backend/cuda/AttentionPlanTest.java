package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AttentionPlanTest {
  private static final int MAX_POSITIONS = 20_000;

  /** Notes what is planned. */
  private static final class Noted implements AttentionPlan.Sink {
    record Item(int row, int from, int to, int partial) {}

    record Run(int row, int rowCount) {}

    final List<Item> items = new ArrayList<>();
    final List<Run> runs = new ArrayList<>();
    final List<Integer> partialsBefore = new ArrayList<>();

    @Override
    public void decodeItem(int row, int from, int to, int partial) {
      items.add(new Item(row, from, to, partial));
    }

    @Override
    public void prefillItem(int row, int rowCount) {
      runs.add(new Run(row, rowCount));
    }

    @Override
    public void partialsBefore(int row, int count) {
      assertEquals(partialsBefore.size(), row);
      partialsBefore.add(count);
    }
  }

  private final KvCache cache = new KvCache(40_000, 16, false);
  private final int[] tokens = new int[MAX_POSITIONS];

  private void add(StepBatch batch, int from, int count) {
    BlockTable table = new BlockTable();
    assertTrue(cache.grow(table, from + count));
    batch.add(tokens, from, count, table, StepBatch.Want.NONE);
  }

  @Test
  void aShortSequenceIsOneItemWithoutPartials() {
    StepBatch batch = new StepBatch(8);
    add(batch, 255, 1);
    Noted noted = new Noted();
    new AttentionPlan(64, 64).plan(batch, noted);
    assertEquals(List.of(new Noted.Item(0, 0, 256, -1)), noted.items);
    assertEquals(List.of(0, 0), noted.partialsBefore);
  }

  @Test
  void runsAreCutToTilesAndTheLongestComeFirst() {
    StepBatch batch = new StepBatch(200);
    add(batch, 0, 1);
    add(batch, 0, 130);
    Noted noted = new Noted();
    new AttentionPlan(64, 64).plan(batch, noted);
    assertEquals(
        List.of(new Noted.Run(129, 2), new Noted.Run(65, 64), new Noted.Run(1, 64)), noted.runs);
    assertEquals(1, noted.items.size());
  }

  @Test
  void splitsCoverEveryPositionOnceAndFitTheRoom() {
    Random random = new Random(1);
    for (int round = 0; round < 200; round++) {
      int rows = 1 + random.nextInt(24);
      int maxItems = rows + 8 + random.nextInt(60);
      StepBatch batch = new StepBatch(rows);
      int[] positions = new int[rows];
      List<BlockTable> tables = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        positions[row] = random.nextInt(MAX_POSITIONS - 1);
        BlockTable table = new BlockTable();
        assertTrue(cache.grow(table, positions[row] + 1));
        tables.add(table);
        batch.add(tokens, positions[row], 1, table, StepBatch.Want.NONE);
      }
      Noted noted = new Noted();
      new AttentionPlan(maxItems, 1 + random.nextInt(100)).plan(batch, noted);
      assertTrue(noted.items.size() <= maxItems, noted.items.size() + " > " + maxItems);
      int item = 0;
      for (int row = 0; row < rows; row++) {
        int partials = noted.partialsBefore.get(row + 1) - noted.partialsBefore.get(row);
        int covered = 0;
        int count = 0;
        while (item < noted.items.size() && noted.items.get(item).row == row) {
          Noted.Item each = noted.items.get(item++);
          assertEquals(covered, each.from);
          assertTrue(each.to > each.from);
          covered = each.to;
          assertEquals(partials == 0 ? -1 : noted.partialsBefore.get(row) + count, each.partial);
          count++;
        }
        assertEquals(positions[row] + 1, covered);
        assertEquals(count == 1 ? 0 : count, partials);
      }
      tables.forEach(cache::release);
    }
  }
}
