package io.fullbore.tokenizer;

import io.fullbore.core.Metadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;

/** Just enough of a GGUF reader to get at the vocabularies of real models in these tests. */
final class GgufMetadata {
  private final ByteBuffer in;

  private GgufMetadata(byte[] file) {
    in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
  }

  static Metadata read(Path file) throws IOException {
    return new GgufMetadata(Files.readAllBytes(file)).metadata();
  }

  private Metadata metadata() {
    in.position(16); // magic, version, tensor count
    long keyCount = in.getLong();
    var values = new LinkedHashMap<String, Object>();
    for (long i = 0; i < keyCount; i++) {
      String key = string();
      values.put(key, value(in.getInt()));
    }
    return new Metadata(values);
  }

  private String string() {
    byte[] utf8 = new byte[(int) in.getLong()];
    in.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private Object value(int type) {
    return switch (type) {
      case 0 -> (long) Byte.toUnsignedInt(in.get());
      case 1 -> (long) in.get();
      case 2 -> (long) Short.toUnsignedInt(in.getShort());
      case 3 -> (long) in.getShort();
      case 4 -> Integer.toUnsignedLong(in.getInt());
      case 5 -> (long) in.getInt();
      case 6 -> (double) in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> string();
      case 9 -> array(in.getInt(), (int) in.getLong());
      case 10, 11 -> in.getLong();
      case 12 -> in.getDouble();
      default -> throw new IllegalArgumentException("type=" + type);
    };
  }

  private Object array(int type, int count) {
    String[] strings = new String[type == 8 ? count : 0];
    float[] floats = new float[type == 6 ? count : 0];
    long[] integers = new long[count];
    for (int i = 0; i < count; i++) {
      switch (type) {
        case 8 -> strings[i] = string();
        case 6 -> floats[i] = in.getFloat();
        default -> integers[i] = (Long) value(type);
      }
    }
    return type == 8 ? strings : type == 6 ? floats : integers;
  }
}
