package io.fullbore.model;

/** The types of metadata values in GGUF files; the ordinal is the number in the file. */
enum GgufValueType {
  UINT8(1),
  INT8(1),
  UINT16(2),
  INT16(2),
  UINT32(4),
  INT32(4),
  FLOAT32(4),
  BOOL(1),
  /** A 64-bit length and so many bytes of UTF-8. */
  STRING(8),
  /** An element type, a 64-bit count and so many elements. */
  ARRAY(12),
  UINT64(8),
  INT64(8),
  FLOAT64(8);

  private final int leastBytes;

  GgufValueType(int leastBytes) {
    this.leastBytes = leastBytes;
  }

  /** What one value takes in the file at least; exactly, for numbers. */
  int leastBytes() {
    return leastBytes;
  }
}
