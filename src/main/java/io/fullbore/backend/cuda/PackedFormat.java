package io.fullbore.backend.cuda;

import io.fullbore.model.WeightFormat;

/**
 * How a matrix lies in device memory: {@code native/cuda/weights.cuh} draws it.
 *
 * <p>A row tile has 16 rows; it is a run of units of 64 or 256 columns. Formats of the file without
 * kernels of their own are decoded at load and lie in 16-bit floats.
 */
enum PackedFormat {
  F16("f16", 1, 2048),
  BF16("bf16", 1, 2048),
  Q8_0("q8_0", 1, 1088),
  Q4_0("q4_0", 1, 576),
  Q4_K("q4_k", 4, 2368),
  Q5_K("q5_k", 4, 2880),
  Q6_K("q6_k", 4, 3360);

  static final int TILE_ROWS = 16;
  static final int CHUNK_COLUMNS = 64;

  private final String kernelSuffix;
  private final int unitChunks;
  private final int unitBytes;

  PackedFormat(String kernelSuffix, int unitChunks, int unitBytes) {
    this.kernelSuffix = kernelSuffix;
    this.unitChunks = unitChunks;
    this.unitBytes = unitBytes;
  }

  /** The format that holds a tensor's weights. */
  static PackedFormat of(WeightFormat format, OperandKind kind) {
    if (kind == OperandKind.BF16) {
      return BF16;
    }
    return switch (format) {
      case Q8_0 -> Q8_0;
      case Q4_0 -> Q4_0;
      case Q4_K -> Q4_K;
      case Q5_K -> Q5_K;
      case Q6_K -> Q6_K;
      case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K -> F16;
    };
  }

  /** Whether the kernels pack a file's rows of {@code format} as they are. */
  boolean packs(WeightFormat format) {
    return name().equals(format.name());
  }

  /** In the names of kernels. */
  String kernelSuffix() {
    return kernelSuffix;
  }

  /** Runs of 64 columns, those that fill up a unit included. */
  int chunks(int columns) {
    int unitColumns = unitChunks * CHUNK_COLUMNS;
    return Math.ceilDiv(columns, unitColumns) * unitChunks;
  }

  /** Chunks in a unit, which is never divided. */
  int unitChunks() {
    return unitChunks;
  }

  long tileBytes(int columns) {
    return (long) chunks(columns) / unitChunks * unitBytes;
  }
}
