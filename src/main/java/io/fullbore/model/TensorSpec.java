package io.fullbore.model;

import java.util.List;

/**
 * A tensor that is to be written.
 *
 * @param shape in ggml's order, the contiguous dimension (columns) first
 */
public record TensorSpec(String name, WeightFormat format, List<Long> shape) {
  public TensorSpec {
    shape = List.copyOf(shape);
    TensorInfo.requireShape(name, shape);
    TensorInfo.sizeBytes(format, shape);
  }

  public static TensorSpec vector(String name, WeightFormat format, long columns) {
    return new TensorSpec(name, format, List.of(columns));
  }

  public static TensorSpec matrix(String name, WeightFormat format, long rows, long columns) {
    return new TensorSpec(name, format, List.of(columns, rows));
  }

  /** Without padding. */
  public long sizeBytes() {
    return TensorInfo.sizeBytes(format, shape);
  }
}
