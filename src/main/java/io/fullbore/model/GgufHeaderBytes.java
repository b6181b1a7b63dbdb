package io.fullbore.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The growing header of a file that {@link GgufWriter} writes; little-endian. */
final class GgufHeaderBytes {
  private static final long MAX_UINT32 = 0xffff_ffffL;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  int size() {
    return out.size();
  }

  ByteBuffer toBuffer() {
    return ByteBuffer.wrap(out.toByteArray());
  }

  void int32(int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      out.write(value >>> shift);
    }
  }

  void int64(long value) {
    int32((int) value);
    int32((int) (value >>> 32));
  }

  void string(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    int64(bytes.length);
    out.writeBytes(bytes);
  }

  void zeros(int count) {
    out.writeBytes(new byte[count]);
  }

  /** The type and the value of a metadata entry; see {@link io.fullbore.core.Metadata}. */
  void value(Object value) {
    switch (value) {
      case Long integer -> {
        GgufValueType type = integerType(integer);
        type(type);
        integer(type, integer);
      }
      case Double number -> {
        type(GgufValueType.FLOAT32);
        int32(Float.floatToIntBits(number.floatValue()));
      }
      case Boolean flag -> {
        type(GgufValueType.BOOL);
        out.write(flag ? 1 : 0);
      }
      case String text -> {
        type(GgufValueType.STRING);
        string(text);
      }
      default -> {
        type(GgufValueType.ARRAY);
        array(value);
      }
    }
  }

  private void array(Object value) {
    switch (value) {
      case long[] integers -> {
        GgufValueType type = elementType(integers);
        startArray(type, integers.length);
        for (long integer : integers) {
          integer(type, integer);
        }
      }
      case float[] numbers -> {
        startArray(GgufValueType.FLOAT32, numbers.length);
        for (float number : numbers) {
          int32(Float.floatToIntBits(number));
        }
      }
      case boolean[] flags -> {
        startArray(GgufValueType.BOOL, flags.length);
        for (boolean flag : flags) {
          out.write(flag ? 1 : 0);
        }
      }
      case String[] strings -> {
        startArray(GgufValueType.STRING, strings.length);
        for (String string : strings) {
          string(string);
        }
      }
      default ->
          throw new IllegalArgumentException(
              "metadata of type=%s cannot be written".formatted(value.getClass().getSimpleName()));
    }
  }

  private void startArray(GgufValueType type, int length) {
    type(type);
    int64(length);
  }

  private void type(GgufValueType type) {
    int32(type.ordinal());
  }

  /** For one of the types that {@link #integerType} and {@link #elementType} give. */
  private void integer(GgufValueType type, long value) {
    if (type.leastBytes() == 4) {
      int32((int) value);
    } else {
      int64(value);
    }
  }

  private static GgufValueType integerType(long value) {
    if (value >= 0) {
      return value <= MAX_UINT32 ? GgufValueType.UINT32 : GgufValueType.UINT64;
    }
    return value >= Integer.MIN_VALUE ? GgufValueType.INT32 : GgufValueType.INT64;
  }

  private static GgufValueType elementType(long[] values) {
    long least = Arrays.stream(values).min().orElse(0);
    long most = Arrays.stream(values).max().orElse(0);
    if (least >= Integer.MIN_VALUE && most <= Integer.MAX_VALUE) {
      return GgufValueType.INT32;
    }
    return least >= 0 && most <= MAX_UINT32 ? GgufValueType.UINT32 : GgufValueType.INT64;
  }
}
