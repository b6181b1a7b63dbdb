package io.fullbore.model;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the header of a GGUF file of version 2 or 3, after ggml's {@code docs/gguf.md}. Whatever
 * the bytes are, the outcome is a checked header or a {@link ModelFormatException}.
 *
 * <pre>
 *   "GGUF" | version u32 | tensorCount u64 | keyCount u64
 *   keyCount    times: key string | type u32 | value
 *   tensorCount times: name string | dimensionCount u32 | dimensions u64 … | type u32 | offset u64
 *   padding to the alignment | data
 * </pre>
 */
final class GgufParser {
  static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
  static final int VERSION = 3;
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;

  private static final int OLDEST_VERSION = 2;
  private static final int MAX_KEYS = 1 << 16;
  private static final int MAX_TENSORS = 1 << 18;
  static final int MAX_ALIGNMENT = 1 << 20;

  /** The largest vocabularies have about a million tokens, scores, types and merges together. */
  private static final int MAX_ARRAY_ELEMENTS_IN_ALL = 1 << 22;

  private static final int LEAST_KEY_BYTES = 8 + 4 + 1;
  private static final int LEAST_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

  /** What comes out: offsets in {@code tensors} are from the start of the file. */
  record Header(Metadata metadata, List<TensorInfo> tensors) {}

  /** A tensor as declared, its offset still counted from the start of the data. */
  private record Declared(String name, int typeId, List<Long> shape, long dataOffset) {}

  private final GgufCursor cursor;
  private final long fileBytes;
  private int arrayElementsLeft = MAX_ARRAY_ELEMENTS_IN_ALL;

  private GgufParser(MemorySegment bytes, String file) {
    this.cursor = new GgufCursor(bytes, file);
    this.fileBytes = bytes.byteSize();
  }

  static Header parse(MemorySegment bytes, String file) {
    return new GgufParser(bytes, file).header();
  }

  private Header header() {
    readMagicAndVersion();
    int tensorCount = cursor.count("tensors", LEAST_TENSOR_BYTES, MAX_TENSORS);
    int keyCount = cursor.count("keys", LEAST_KEY_BYTES, MAX_KEYS);
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < keyCount; i++) {
      readKeyInto(values, i);
    }
    refuseParts(values);
    List<Declared> declared = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < tensorCount; i++) {
      declared.add(readTensor(names, i));
    }
    return new Header(new Metadata(values), place(declared, alignment(values)));
  }

  private void readMagicAndVersion() {
    int magic = cursor.int32();
    if (magic != MAGIC) {
      throw cursor.failure(
          "the file starts with 0x%08x and is no GGUF; give a .gguf file"
              .formatted(Integer.reverseBytes(magic)));
    }
    int version = cursor.int32();
    if (version >= OLDEST_VERSION && version <= VERSION) {
      return;
    }
    int swapped = Integer.reverseBytes(version);
    if (swapped >= 1 && swapped <= VERSION) {
      throw cursor.failure(
          "the file is big-endian; convert it with gguf_convert_endian.py to little-endian");
    }
    throw cursor.failure(
        "GGUF version=%s is not supported; versions 2 and 3 are, convert the model again"
            .formatted(Integer.toUnsignedString(version)));
  }

  private void readKeyInto(Map<String, Object> values, int index) {
    cursor.readsOn("keyIndex=" + index);
    String key = cursor.string();
    cursor.readsOn("key=" + printable(key));
    Object value = readValue(readType());
    if (values.putIfAbsent(key, value) != null) {
      throw cursor.failure("the key comes twice; the file is corrupt, fetch it again");
    }
  }

  private void refuseParts(Map<String, Object> values) {
    cursor.readsOn("key=split.count");
    if (values.get("split.count") instanceof Long parts && parts > 1) {
      throw cursor.failure(
          "the file is one of %d parts; join them with llama-gguf-split --merge".formatted(parts));
    }
  }

  private GgufValueType readType() {
    long type = cursor.uint32();
    GgufValueType[] types = GgufValueType.values();
    if (type >= types.length) {
      throw cursor.failure(
          "value type=%d is unknown, the last one known is %d; the file is corrupt or too new"
              .formatted(type, types.length - 1));
    }
    return types[(int) type];
  }

  private Object readValue(GgufValueType type) {
    return switch (type) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> readInteger(type);
      case FLOAT32, FLOAT64 -> readFloat(type);
      case BOOL -> cursor.int8() != 0;
      case STRING -> cursor.string();
      case ARRAY -> readArray();
    };
  }

  private long readInteger(GgufValueType type) {
    return switch (type) {
      case UINT8 -> cursor.int8() & 0xff;
      case INT8 -> cursor.int8();
      case UINT16 -> cursor.int16() & 0xffff;
      case INT16 -> cursor.int16();
      case UINT32 -> cursor.uint32();
      case INT32 -> cursor.int32();
      case UINT64 -> cursor.uint64();
      case INT64 -> cursor.int64();
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY ->
          throw new IllegalArgumentException("type=" + type);
    };
  }

  private double readFloat(GgufValueType type) {
    return type == GgufValueType.FLOAT32 ? cursor.float32() : cursor.float64();
  }

  private Object readArray() {
    GgufValueType type = readType();
    if (type == GgufValueType.ARRAY) {
      throw cursor.failure("arrays of arrays are not supported; convert the model without them");
    }
    int count = cursor.count("array elements", type.leastBytes(), arrayElementsLeft);
    arrayElementsLeft -= count;
    return switch (type) {
      case FLOAT32, FLOAT64 -> {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
          numbers[i] = (float) readFloat(type);
        }
        yield numbers;
      }
      case BOOL -> {
        boolean[] flags = new boolean[count];
        for (int i = 0; i < count; i++) {
          flags[i] = cursor.int8() != 0;
        }
        yield flags;
      }
      case STRING -> {
        String[] strings = new String[count];
        for (int i = 0; i < count; i++) {
          strings[i] = cursor.string();
        }
        yield strings;
      }
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64, ARRAY -> {
        long[] integers = new long[count];
        for (int i = 0; i < count; i++) {
          integers[i] = readInteger(type);
        }
        yield integers;
      }
    };
  }

  private Declared readTensor(Set<String> names, int index) {
    cursor.readsOn("tensorIndex=" + index);
    String name = cursor.string();
    cursor.readsOn("tensor=" + printable(name));
    if (!names.add(name)) {
      throw cursor.failure("the tensor comes twice; the file is corrupt, fetch it again");
    }
    long dimensionCount = cursor.uint32();
    if (dimensionCount < 1 || dimensionCount > 4) {
      throw cursor.failure("dimensions=%d is outside [1, 4]".formatted(dimensionCount));
    }
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < dimensionCount; i++) {
      shape.add(readDimension());
    }
    int typeId = cursor.int32();
    return new Declared(name, typeId, shape, cursor.uint64());
  }

  private long readDimension() {
    long size = cursor.uint64();
    if (size < 1 || size > Integer.MAX_VALUE) {
      throw cursor.failure("a dimension of %d is outside [1, 2^31 - 1]".formatted(size));
    }
    return size;
  }

  private int alignment(Map<String, Object> values) {
    cursor.readsOn("key=" + ALIGNMENT_KEY);
    Object value = values.getOrDefault(ALIGNMENT_KEY, (long) DEFAULT_ALIGNMENT);
    if (value instanceof Long alignment
        && alignment >= 1
        && alignment <= MAX_ALIGNMENT
        && Long.bitCount(alignment) == 1) {
      return alignment.intValue();
    }
    throw cursor.failure("value=%s is no power of two in [1, %d]".formatted(value, MAX_ALIGNMENT));
  }

  private List<TensorInfo> place(List<Declared> declared, int alignment) {
    long dataStart = (cursor.position() + alignment - 1) & -alignment;
    List<TensorInfo> tensors = new ArrayList<>(declared.size());
    for (Declared tensor : declared) {
      cursor.readsOn("tensor=" + printable(tensor.name()));
      tensors.add(place(tensor, alignment, dataStart));
    }
    return List.copyOf(tensors);
  }

  private TensorInfo place(Declared tensor, int alignment, long dataStart) {
    WeightFormat format =
        WeightFormat.ofTypeId(tensor.typeId())
            .orElseThrow(() -> cursor.failure(unsupported(tensor.typeId())));
    long sizeBytes = sizeBytes(tensor, format);
    if (tensor.dataOffset() % alignment != 0) {
      throw cursor.failure(
          "data offset=%d is not aligned to %d".formatted(tensor.dataOffset(), alignment));
    }
    long room = fileBytes - dataStart - sizeBytes;
    if (room < 0 || tensor.dataOffset() > room) {
      long neededBytes = saturatedSum(saturatedSum(dataStart, tensor.dataOffset()), sizeBytes);
      throw cursor.failure(
          "truncated: the file needs %d bytes for it and has %d; fetch it again"
              .formatted(neededBytes, fileBytes));
    }
    return new TensorInfo(
        tensor.name(), format, tensor.shape(), dataStart + tensor.dataOffset(), sizeBytes);
  }

  private long sizeBytes(Declared tensor, WeightFormat format) {
    long columns = tensor.shape().getFirst();
    if (!format.fits(columns)) {
      throw cursor.failure(
          "columns=%d cut the blocks of %d of format=%s"
              .formatted(columns, format.blockElements(), format));
    }
    long rows = 1;
    for (long size : tensor.shape().subList(1, tensor.shape().size())) {
      rows *= size;
      if (rows > Integer.MAX_VALUE) {
        throw cursor.failure("shape=%s has over 2^31 - 1 rows".formatted(tensor.shape()));
      }
    }
    long rowBytes = format.rowBytes(columns);
    if (rows > Long.MAX_VALUE / rowBytes) {
      throw cursor.failure("the size of shape=%s overflows".formatted(tensor.shape()));
    }
    return rows * rowBytes;
  }

  private static long saturatedSum(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }

  private static String unsupported(int typeId) {
    return "type=%s (%s) is not supported; use a model with %s"
        .formatted(
            Integer.toUnsignedString(typeId), typeName(typeId), List.of(WeightFormat.values()));
  }

  /** The types of ggml that are not read here, by their names in {@code ggml.h}. */
  private static String typeName(int typeId) {
    return switch (typeId) {
      case 9 -> "Q8_1";
      case 15 -> "Q8_K";
      case 16 -> "IQ2_XXS";
      case 17 -> "IQ2_XS";
      case 18 -> "IQ3_XXS";
      case 19 -> "IQ1_S";
      case 20 -> "IQ4_NL";
      case 21 -> "IQ3_S";
      case 22 -> "IQ2_S";
      case 23 -> "IQ4_XS";
      case 24 -> "I8";
      case 25 -> "I16";
      case 26 -> "I32";
      case 27 -> "I64";
      case 28 -> "F64";
      case 29 -> "IQ1_M";
      case 34 -> "TQ1_0";
      case 35 -> "TQ2_0";
      case 39 -> "MXFP4";
      default -> "unknown";
    };
  }

  /** Names come from the file: keep control characters and endless strings out of messages. */
  private static String printable(String name) {
    String start = name.length() > 80 ? name.substring(0, 80) + "…" : name;
    return start.replaceAll("\\p{Cntrl}", "?");
  }
}
