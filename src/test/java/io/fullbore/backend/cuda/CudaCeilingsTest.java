package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.model.WeightFormat;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What benches measure on a device: that it runs, and that the products are right. */
class CudaCeilingsTest {
  private FakeDriver fake;

  @BeforeEach
  void load() {
    fake = FakeDriver.load();
    fake.set("major", 9);
    fake.set("units", 4);
    fake.found();
  }

  @Test
  void measuresAllCeilings() {
    byte[] image = FakeDriver.IMAGE;
    CudaCeilings ceilings = CudaCeilings.measure(Workbench.open(image), CudaCeilings.Effort.SMALL);
    assertEquals("9.0", ceilings.computeCapability());
    assertTrue(ceilings.copyGbPerSecond() > ceilings.readGbPerSecond());
    assertTrue(ceilings.groupTflopsBf16() > 0);
    assertTrue(ceilings.groupTflopsF16() > 0);
    assertTrue(ceilings.tflops(false) >= ceilings.registerTflopsF16());
    fake.assertNothingLives();
  }

  @Test
  void allKernelsOfAProductGiveTheSame() {
    var effort =
        new CudaProducts.Effort(new CudaProducts.Shape(256, 4, 2, 64, 256, 256), List.of(40), 1, 1);
    List<CudaProducts.Row> rows = new ArrayList<>();
    CudaProducts.measure(
        () -> Workbench.open(FakeDriver.IMAGE), effort, List.of(WeightFormat.Q4_K), rows::add);
    assertEquals(5, rows.size());
    for (CudaProducts.Row row : rows) {
      assertEquals("group_64", row.kernel());
      assertEquals(2, row.otherMicros().size(), row.toString());
      assertTrue(row.greatestError() < 0.03, row.toString());
      assertTrue(row.greatestDifference() < 0.01, row.toString());
    }
    fake.assertNothingLives();
  }
}
