package io.fullbore.model;

import java.util.List;

/**
 * Where a tensor lies in its file.
 *
 * @param shape 1 to 4 dimensions in ggml's order: {@code shape[0]} is the contiguous one, the
 *     columns of a matrix. A matrix of {@code rows} by {@code columns} has shape {@code [columns,
 *     rows]}
 * @param offsetBytes from the start of the file, a multiple of the file's alignment
 * @param sizeBytes without padding
 */
public record TensorInfo(
    String name, WeightFormat format, List<Long> shape, long offsetBytes, long sizeBytes) {

  /** Checks that the sizes agree: nothing is said here of the file's length. */
  public TensorInfo {
    shape = List.copyOf(shape);
    requireShape(name, shape);
    long expectedBytes = sizeBytes(format, shape);
    if (offsetBytes < 0 || sizeBytes != expectedBytes) {
      throw new IllegalArgumentException(
          "tensor=%s offset=%d size=%d: expected size=%d"
              .formatted(name, offsetBytes, sizeBytes, expectedBytes));
    }
  }

  /** The contiguous dimension. */
  public int columns() {
    return Math.toIntExact(shape.getFirst());
  }

  /** All other dimensions together: 1 for a vector. */
  public int rows() {
    return Math.toIntExact(rows(shape));
  }

  static long sizeBytes(WeightFormat format, List<Long> shape) {
    return Math.multiplyExact(rows(shape), format.rowBytes(shape.getFirst()));
  }

  private static long rows(List<Long> shape) {
    long rows = 1;
    for (long dimension : shape.subList(1, shape.size())) {
      rows = Math.multiplyExact(rows, dimension);
    }
    return rows;
  }

  static void requireShape(String name, List<Long> shape) {
    if (shape.isEmpty() || shape.size() > 4 || shape.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(
          "tensor=%s shape=%s: 1 to 4 positive dimensions are needed".formatted(name, shape));
    }
  }
}
