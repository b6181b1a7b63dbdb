package io.fullbore.upstream;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of server-sent events into the data of its events, however its bytes are cut into
 * buffers. One per answer, used by one event loop: give it a buffer, then ask for events until
 * there is none.
 *
 * <p>Follows section 9.2 of the HTML standard: lines end with LF, CR or CRLF, an event with an
 * empty line. Names, ids, retry times and comments are skipped.
 */
final class EventStreamParser {
  private static final int INITIAL_BYTES = 4 << 10;
  private static final int MAX_KEPT_BYTES = 64 << 10;
  private static final byte[] DATA = "data".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BYTE_ORDER_MARK = "\uFEFF".getBytes(StandardCharsets.UTF_8);

  private final int maxEventBytes;
  // [unfinished line start, scanned, end): before start all is read, before scanned no line ends
  private byte[] bytes = new byte[0];
  private int start;
  private int scanned;
  private int end;
  private boolean begun;
  private boolean afterReturn;
  private @Nullable String firstLine;
  private @Nullable StringBuilder lines;
  private long eventBytes;

  /**
   * @param maxEventBytes longest data of one event
   */
  EventStreamParser(int maxEventBytes) {
    this.maxEventBytes = maxEventBytes;
  }

  /** Takes what has come. */
  void append(Buffer buffer) {
    int length = buffer.length();
    if (start == end) {
      start = 0;
      scanned = 0;
      end = 0;
      if (bytes.length > MAX_KEPT_BYTES) {
        bytes = new byte[0];
      }
    }
    if (bytes.length - end < length) {
      makeRoom(length);
    }
    buffer.getBytes(0, length, bytes, end);
    end += length;
  }

  private void makeRoom(int length) {
    int kept = end - start;
    byte[] target = bytes;
    if (bytes.length - kept < length) {
      target = new byte[Math.max(INITIAL_BYTES, Math.max(kept + length, 2 * bytes.length))];
    }
    System.arraycopy(bytes, start, target, 0, kept);
    bytes = target;
    scanned -= start;
    start = 0;
    end = kept;
  }

  /**
   * The next event's data, its lines joined by LF; null where more bytes are needed.
   *
   * @throws BrokenAnswerException where the event is too long
   */
  @Nullable String next() throws BrokenAnswerException {
    while (true) {
      skipLineFeed();
      int lineEnd = lineEnd();
      if (lineEnd < 0) {
        check(end - start);
        return null;
      }
      int lineStart = begun ? start : afterByteOrderMark(lineEnd);
      begun = true;
      afterReturn = bytes[lineEnd] == '\r';
      start = lineEnd + 1;
      scanned = start;
      if (lineEnd > lineStart) {
        field(lineStart, lineEnd);
      } else {
        String data = event();
        if (!data.isEmpty()) {
          return data;
        }
      }
    }
  }

  /** The LF of a CRLF is not another line's end; it may come in another buffer. */
  private void skipLineFeed() {
    if (afterReturn && start < end) {
      afterReturn = false;
      if (bytes[start] == '\n') {
        start++;
        scanned = start;
      }
    }
  }

  private int lineEnd() {
    int at = scanned;
    while (at < end) {
      byte b = bytes[at];
      if (b == '\n' || b == '\r') {
        return at;
      }
      at++;
    }
    scanned = end;
    return -1;
  }

  private int afterByteOrderMark(int lineEnd) {
    int after = start + BYTE_ORDER_MARK.length;
    boolean marked =
        after <= lineEnd
            && Arrays.equals(bytes, start, after, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
    return marked ? after : start;
  }

  private void field(int from, int to) throws BrokenAnswerException {
    int value = from + DATA.length;
    if (value > to || !Arrays.equals(bytes, from, value, DATA, 0, DATA.length)) {
      return;
    }
    if (value < to && bytes[value++] != ':') {
      return;
    }
    if (value < to && bytes[value] == ' ') {
      value++;
    }
    check(to - value);
    eventBytes += to - value + 1;
    String line = new String(bytes, value, to - value, StandardCharsets.UTF_8);
    if (firstLine == null) {
      firstLine = line;
    } else {
      if (lines == null) {
        lines = new StringBuilder(firstLine);
      }
      lines.append('\n').append(line);
    }
  }

  private String event() {
    String data = lines != null ? lines.toString() : firstLine != null ? firstLine : "";
    firstLine = null;
    lines = null;
    eventBytes = 0;
    return data;
  }

  private void check(int moreBytes) throws BrokenAnswerException {
    if (eventBytes + moreBytes > maxEventBytes) {
      throw new BrokenAnswerException(
          "sent an event of more than %d bytes".formatted(maxEventBytes));
    }
  }
}
