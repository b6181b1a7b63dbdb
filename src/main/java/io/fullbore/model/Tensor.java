package io.fullbore.model;

import java.lang.foreign.MemorySegment;

/**
 * A matrix of stored weights.
 *
 * @param rows 1 for a vector; the outer dimensions multiplied where there are more than two
 * @param columns the contiguous dimension
 * @param data {@code [row][format.rowBytes(columns)]}, read-only; lives as long as its file is open
 */
public record Tensor(String name, WeightFormat format, int rows, int columns, MemorySegment data) {
  public Tensor {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "tensor=%s rows=%d columns=%d: a tensor has a row and a column"
              .formatted(name, rows, columns));
    }
    long expectedBytes = rows * format.rowBytes(columns);
    if (data.byteSize() != expectedBytes) {
      throw new IllegalArgumentException(
          "tensor=%s rows=%d columns=%d format=%s: data has %d bytes where %d are needed"
              .formatted(name, rows, columns, format, data.byteSize(), expectedBytes));
    }
  }

  public long rowBytes() {
    return format.rowBytes(columns);
  }

  /**
   * Decodes one row.
   *
   * @param target receives {@link #columns()} floats from {@code targetOffset} on
   */
  public void decodeRow(int row, float[] target, int targetOffset) {
    format.decoder().decode(data, row * rowBytes(), target, targetOffset, columns);
  }
}
