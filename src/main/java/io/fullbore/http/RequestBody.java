package io.fullbore.http;

import io.vertx.core.buffer.Buffer;

/** A complete request body, to be released once it is parsed. Confined to one event loop. */
final class RequestBody {
  private final Buffer bytes;
  private final BodyBudget budget;
  private boolean released;

  RequestBody(Buffer bytes, BodyBudget budget) {
    this.bytes = bytes;
    this.budget = budget;
  }

  Buffer bytes() {
    return bytes;
  }

  /** Gives the body's room back; harmless when that was done before. */
  void release() {
    if (!released) {
      released = true;
      budget.giveBack(bytes.length());
    }
  }
}
