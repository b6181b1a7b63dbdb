package io.fullbore.backend.cuda;

import io.fullbore.model.Tensor;
import java.util.List;

/**
 * What lies in device memory as one matrix: one tensor of the file; several stacked, which share
 * their input; or two of one shape interleaved, 8 rows of the first and 8 of the second by turns,
 * so that one thread gets the sums of both.
 *
 * @param tensors of one number of columns; stacked ones but the last have a multiple of 16 rows
 */
record PackedMatrix(List<Tensor> tensors, boolean interleaved, PackedFormat format) {
  PackedMatrix {
    tensors = List.copyOf(tensors);
  }

  static PackedMatrix of(Tensor tensor, PackedFormat format) {
    return new PackedMatrix(List.of(tensor), false, format);
  }

  /** Rows of a product's output: of two that are interleaved, the rows of one. */
  int outRows() {
    return interleaved ? tensors.getFirst().rows() : tensors.stream().mapToInt(Tensor::rows).sum();
  }

  int columns() {
    return tensors.getFirst().columns();
  }

  int chunks() {
    return format.chunks(columns());
  }

  /** Rows of each tensor in a tile. */
  int rowsPerTile() {
    return interleaved ? PackedFormat.TILE_ROWS / 2 : PackedFormat.TILE_ROWS;
  }

  int tileCount() {
    return Math.ceilDiv(outRows(), rowsPerTile());
  }

  long bytes() {
    return tileCount() * format.tileBytes(columns());
  }
}
