package io.fullbore.stub;

import org.jspecify.annotations.Nullable;

/**
 * What goes wrong with an answer. A whole answer counts as two pieces, its halves.
 *
 * @param rate share of the requests that it hits
 * @param afterPieces pieces that are sent well before it, for those kinds that come amid an answer
 * @param status of {@link Kind#STATUS} and {@link Kind#ECHO_HEADERS}
 * @param code the error's code in the body, or null for the status's own
 * @param retryAfter the header's value, or null for none
 * @param everyMs between two bytes of {@link Kind#TRICKLE}
 */
public record Fault(
    Kind kind,
    double rate,
    int afterPieces,
    int status,
    @Nullable String code,
    @Nullable String retryAfter,
    int everyMs) {
  /** What can go wrong. */
  public enum Kind {
    /** An error in place of an answer. */
    STATUS,
    /** The same, and its message repeats all headers of the request. */
    ECHO_HEADERS,
    /** A proxy's error page in HTML. */
    HTML_PAGE,
    /** Closes the connection without a word. */
    RESET,
    /** Accepts the request and never answers. */
    SILENT,
    /** Sends status and headers, and then nothing. */
    HEAD_ONLY,
    /** Sends some pieces, and then nothing. */
    STALL,
    /** Sends some pieces and closes the connection. */
    CUT,
    /** Sends some pieces and an error in the form of an event. */
    ERROR_EVENT,
    /** The body ends as HTTP wants it, but nothing says that the answer is finished. */
    NO_END,
    /** One piece is not JSON; the others are. */
    BAD_JSON,
    /** The body ends, as HTTP wants it, amid a piece. */
    HALF_PIECE,
    /** One piece comes over and over. */
    ENDLESS,
    /** Sends a byte at a time. */
    TRICKLE
  }

  public Fault {
    if (rate < 0 || rate > 1 || afterPieces < 0 || everyMs < 1) {
      throw new IllegalArgumentException(
          "fault: rate=%s must be in [0, 1], afterPieces=%d at least 0, everyMs=%d at least 1"
              .formatted(rate, afterPieces, everyMs));
    }
  }

  /** Hits every request, amid an answer after two pieces. */
  public static Fault of(Kind kind) {
    return new Fault(kind, 1, 2, 500, null, null, 10);
  }

  public static Fault status(int status) {
    return of(Kind.STATUS).withStatus(status);
  }

  public Fault withRate(double rate) {
    return new Fault(kind, rate, afterPieces, status, code, retryAfter, everyMs);
  }

  public Fault withAfterPieces(int afterPieces) {
    return new Fault(kind, rate, afterPieces, status, code, retryAfter, everyMs);
  }

  public Fault withStatus(int status) {
    return new Fault(kind, rate, afterPieces, status, code, retryAfter, everyMs);
  }

  public Fault withCode(String code) {
    return new Fault(kind, rate, afterPieces, status, code, retryAfter, everyMs);
  }

  public Fault withRetryAfter(String retryAfter) {
    return new Fault(kind, rate, afterPieces, status, code, retryAfter, everyMs);
  }

  public Fault withEveryMs(int everyMs) {
    return new Fault(kind, rate, afterPieces, status, code, retryAfter, everyMs);
  }
}
