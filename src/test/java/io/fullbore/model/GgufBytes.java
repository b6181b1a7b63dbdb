package io.fullbore.model;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes GGUF bytes field by field, right or wrong, for tests of the parser. */
final class GgufBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Magic, version and counts. */
  static GgufBytes header(int version, long tensorCount, long keyCount) {
    return new GgufBytes().u32(GgufParser.MAGIC).u32(version).u64(tensorCount).u64(keyCount);
  }

  GgufBytes u8(int value) {
    out.write(value);
    return this;
  }

  GgufBytes u16(int value) {
    return u8(value).u8(value >> 8);
  }

  GgufBytes u32(int value) {
    return raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  GgufBytes u64(long value) {
    return raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  GgufBytes string(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return u64(bytes.length).raw(bytes);
  }

  /** A key and the type of the value that the caller writes next. */
  GgufBytes key(String key, GgufValueType type) {
    return string(key).u32(type.ordinal());
  }

  GgufBytes arrayKey(String key, GgufValueType type, long count) {
    return key(key, GgufValueType.ARRAY).u32(type.ordinal()).u64(count);
  }

  /** One entry of the list of tensors. */
  GgufBytes tensor(String name, int typeId, long offset, long... shape) {
    string(name).u32(shape.length);
    for (long size : shape) {
      u64(size);
    }
    return u32(typeId).u64(offset);
  }

  GgufBytes raw(byte... bytes) {
    out.writeBytes(bytes);
    return this;
  }

  GgufBytes zeros(int count) {
    return raw(new byte[count]);
  }

  GgufBytes padTo(int alignment) {
    return zeros(Math.floorMod(-out.size(), alignment));
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  GgufFile open() {
    return GgufFile.of(MemorySegment.ofArray(bytes()), "test.gguf");
  }
}
