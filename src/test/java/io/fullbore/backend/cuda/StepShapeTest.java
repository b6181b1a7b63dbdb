package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StepShapeTest {
  @Test
  void aBucketHoldsItsStepsAndThereAreFew() {
    Set<Integer> rowBuckets = new HashSet<>();
    for (int rows = 1; rows <= StepShape.MAX_GRAPH_ROWS; rows++) {
      for (int items : new int[] {rows, rows + 3, 10 * rows}) {
        StepShape shape = new StepShape(rows, rows, items, 0);
        StepShape bucket = shape.bucket();
        assertTrue(bucket.rows() >= rows && bucket.rows() <= Math.max(2 * rows, rows + 31));
        assertEquals(bucket.rows(), bucket.logitRows());
        assertTrue(bucket.decodeItems() >= items);
        assertEquals(bucket, bucket.bucket());
        rowBuckets.add(bucket.rows());
      }
    }
    assertTrue(rowBuckets.size() <= 20, rowBuckets::toString);
  }

  @Test
  void onlyStepsOfDecodesAreGraphs() {
    assertTrue(new StepShape(4, 4, 4, 0).fitsGraph());
    assertFalse(new StepShape(4, 4, 3, 1).fitsGraph());
    assertFalse(new StepShape(4, 3, 4, 0).fitsGraph());
    assertFalse(new StepShape(StepShape.MAX_GRAPH_ROWS + 1, 257, 257, 0).fitsGraph());
  }
}
