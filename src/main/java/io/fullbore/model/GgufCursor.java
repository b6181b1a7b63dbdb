package io.fullbore.model;

import io.fullbore.core.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the header of a GGUF file and checks each length against the bytes left before
 * anything of that length is allocated. Owned by the one {@link GgufParser} that reads with it.
 */
final class GgufCursor {
  /** More than any vocabulary with its merges and templates; keeps hostile files off the heap. */
  private static final long MAX_STRING_BYTES_IN_ALL = 64L << 20;

  private static final String CORRUPT = "the file is truncated or corrupt, fetch it again";

  private final MemorySegment bytes;
  private final String file;
  private long position;
  private long stringBytes;
  private byte[] scratch = new byte[256];
  private @Nullable String subject;

  GgufCursor(MemorySegment bytes, String file) {
    this.bytes = bytes;
    this.file = file;
  }

  long position() {
    return position;
  }

  long bytesLeft() {
    return bytes.byteSize() - position;
  }

  /** Names what is read from here on, as {@code key=…} or {@code tensor=…}, for messages. */
  void readsOn(String subject) {
    this.subject = subject;
  }

  int int8() {
    return bytes.get(LittleEndian.BYTE, advance(1));
  }

  int int16() {
    return bytes.get(LittleEndian.SHORT, advance(2));
  }

  int int32() {
    return bytes.get(LittleEndian.INT, advance(4));
  }

  long uint32() {
    return Integer.toUnsignedLong(int32());
  }

  long int64() {
    return bytes.get(LittleEndian.LONG, advance(8));
  }

  /** An unsigned value, refused where it does not fit a long. */
  long uint64() {
    long value = int64();
    if (value < 0) {
      throw failure(
          "value=%s is beyond 2^63 - 1; %s".formatted(Long.toUnsignedString(value), CORRUPT));
    }
    return value;
  }

  float float32() {
    return bytes.get(LittleEndian.FLOAT, advance(4));
  }

  double float64() {
    return bytes.get(LittleEndian.DOUBLE, advance(8));
  }

  /** Malformed UTF-8 becomes U+FFFD: such tokens are rare, but no reason to refuse a model. */
  String string() {
    int length = (int) stringLength();
    if (length == 0) {
      return "";
    }
    if (length > scratch.length) {
      scratch = new byte[Math.max(length, 2 * scratch.length)];
    }
    MemorySegment.copy(bytes, LittleEndian.BYTE, advance(length), scratch, 0, length);
    return new String(scratch, 0, length, StandardCharsets.UTF_8);
  }

  private long stringLength() {
    long length = uint64();
    if (length > bytesLeft()) {
      throw failure(
          "a string has length=%d but only %d bytes are left; %s"
              .formatted(length, bytesLeft(), CORRUPT));
    }
    stringBytes += length;
    if (stringBytes > MAX_STRING_BYTES_IN_ALL) {
      throw failure(
          "strings take over %d bytes, more than any real model; %s"
              .formatted(MAX_STRING_BYTES_IN_ALL, CORRUPT));
    }
    return length;
  }

  /**
   * A count of things still to be read.
   *
   * @param leastBytes what each of them takes at least
   * @param most more of them are refused even where the file is long enough
   */
  int count(String what, int leastBytes, int most) {
    long count = uint64();
    if (count > bytesLeft() / leastBytes || count > most) {
      throw failure(
          "%s=%d do not fit the %d bytes left or are over %d; %s"
              .formatted(what, count, bytesLeft(), most, CORRUPT));
    }
    return (int) count;
  }

  /** An exception that says the file, the place and what was being read. */
  ModelFormatException failure(String message) {
    return new ModelFormatException(
        "file=%s offset=%d%s: %s"
            .formatted(file, position, subject == null ? "" : " " + subject, message));
  }

  private long advance(long length) {
    if (length > bytesLeft()) {
      throw failure(
          "needs %d more bytes where %d are left; %s".formatted(length, bytesLeft(), CORRUPT));
    }
    long start = position;
    position += length;
    return start;
  }
}
