package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WeightFormatTest {
  @ParameterizedTest
  @EnumSource
  void isFoundByItsTypeId(WeightFormat format) {
    assertEquals(Optional.of(format), WeightFormat.ofTypeId(format.typeId()));
  }

  @Test
  void unknownTypesAreEmpty() {
    assertEquals(Optional.empty(), WeightFormat.ofTypeId(4));
    assertEquals(Optional.empty(), WeightFormat.ofTypeId(-1));
    assertEquals(Optional.empty(), WeightFormat.ofTypeId(99));
  }

  @Test
  void rowsAreMadeOfWholeBlocks() {
    assertEquals(4096 / 32 * 18, WeightFormat.Q4_0.rowBytes(4096));
    assertEquals(210, WeightFormat.Q6_K.rowBytes(256));
    assertEquals(14, WeightFormat.BF16.rowBytes(7));
    assertEquals(0, WeightFormat.Q8_0.rowBytes(0));
    assertThrows(IllegalArgumentException.class, () -> WeightFormat.Q4_K.rowBytes(128));
    assertThrows(IllegalArgumentException.class, () -> WeightFormat.Q8_0.rowBytes(-32));
    assertThrows(ArithmeticException.class, () -> WeightFormat.F32.rowBytes(Long.MAX_VALUE));
  }

  @Test
  void knowsWhichColumnsFit() {
    assertTrue(WeightFormat.Q8_0.fits(64));
    assertFalse(WeightFormat.Q8_0.fits(65));
    assertTrue(WeightFormat.F16.fits(65));
  }
}
