package io.fullbore.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How weights are stored: one row per format, with its number in GGUF files, its block size, its
 * decoder and its encoder. A new format is one row here and one method in a family of decoders.
 *
 * <p>A matrix row is a run of blocks without gaps; a block holds {@link #blockElements()} weights
 * in {@link #blockBytes()} bytes.
 */
public enum WeightFormat {
  F32(0, 1, 4, FloatRows::decodeF32, FloatRows::encodeF32),
  F16(1, 1, 2, FloatRows::decodeF16, FloatRows::encodeF16),
  BF16(30, 1, 2, FloatRows::decodeBf16, FloatRows::encodeBf16),
  Q8_0(8, 32, 34, BlockDecoders::q8_0, BlockEncoders::q8_0),
  Q4_0(2, 32, 18, BlockDecoders::q4_0, BlockEncoders::q4_0),
  Q4_1(3, 32, 20, BlockDecoders::q4_1, BlockEncoders::q4_1),
  Q5_0(6, 32, 22, BlockDecoders::q5_0, BlockEncoders::q5_0),
  Q5_1(7, 32, 24, BlockDecoders::q5_1, BlockEncoders::q5_1),
  Q2_K(10, 256, 84, SuperBlockDecoders::q2K, SuperBlockEncoders::q2K),
  Q3_K(11, 256, 110, SuperBlockDecoders::q3K, SuperBlockEncoders::q3K),
  Q4_K(12, 256, 144, SuperBlockDecoders::q4K, SuperBlockEncoders::q4K),
  Q5_K(13, 256, 176, SuperBlockDecoders::q5K, SuperBlockEncoders::q5K),
  Q6_K(14, 256, 210, SuperBlockDecoders::q6K, SuperBlockEncoders::q6K);

  private final int typeId;
  private final int blockElements;
  private final int blockBytes;
  private final RowDecoder decoder;
  private final @Nullable RowEncoder encoder;

  WeightFormat(
      int typeId,
      int blockElements,
      int blockBytes,
      RowDecoder decoder,
      @Nullable RowEncoder encoder) {
    this.typeId = typeId;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.decoder = decoder;
    this.encoder = encoder;
  }

  /** The format with this {@code ggml_type} number, or empty where it is not supported. */
  public static Optional<WeightFormat> ofTypeId(int typeId) {
    for (WeightFormat format : values()) {
      if (format.typeId == typeId) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** The {@code ggml_type} number in GGUF files. */
  public int typeId() {
    return typeId;
  }

  /** Weights per block: 1, 32 or 256. */
  public int blockElements() {
    return blockElements;
  }

  public int blockBytes() {
    return blockBytes;
  }

  /** Whether weights are packed in blocks with a common scale. */
  public boolean isQuantized() {
    return blockElements > 1;
  }

  /** Whether a row of so many columns is made of whole blocks. */
  public boolean fits(long columns) {
    return columns % blockElements == 0;
  }

  /**
   * The size of one row.
   *
   * @throws IllegalArgumentException when the columns are negative or cut a block
   * @throws ArithmeticException when the size does not fit a long
   */
  public long rowBytes(long columns) {
    if (columns < 0 || !fits(columns)) {
      throw new IllegalArgumentException(
          "columns=%d format=%s: rows are made of whole blocks of %d"
              .formatted(columns, this, blockElements));
    }
    return Math.multiplyExact(columns / blockElements, (long) blockBytes);
  }

  public RowDecoder decoder() {
    return decoder;
  }

  /** Empty for formats that are read but not written. */
  public Optional<RowEncoder> encoder() {
    return Optional.ofNullable(encoder);
  }

  /** For coders: refuses a count of elements that would cut a block. */
  static void requireWholeBlocks(int elementCount, int blockElements) {
    if (elementCount < 0 || elementCount % blockElements != 0) {
      throw new IllegalArgumentException(
          "elementCount=%d must be a multiple of %d".formatted(elementCount, blockElements));
    }
  }
}
