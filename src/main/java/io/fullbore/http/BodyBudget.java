package io.fullbore.http;

/**
 * The bytes of request bodies that one API instance holds at a time, from their arrival until they
 * are parsed. Confined to one event loop.
 */
final class BodyBudget {
  private static final long LEAST_BYTES = 64L << 20;
  private static final int LONGEST_BODIES = 4;

  private final long maxBytes;
  private long heldBytes;

  BodyBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Room for some bodies of the greatest length, and for many ordinary ones in any case. */
  static BodyBudget forBodiesUpTo(long maxBodyBytes) {
    return new BodyBudget(Math.max(LEAST_BYTES, LONGEST_BODIES * maxBodyBytes));
  }

  /** Takes room for more bytes; takes none where there is not enough. */
  boolean take(long bytes) {
    if (heldBytes + bytes > maxBytes) {
      return false;
    }
    heldBytes += bytes;
    return true;
  }

  void giveBack(long bytes) {
    heldBytes -= bytes;
  }

  long heldBytes() {
    return heldBytes;
  }
}
