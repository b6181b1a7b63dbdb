package io.fullbore.http;

import io.fullbore.core.Origin;
import io.vertx.core.http.HttpServerResponse;

/**
 * Says in an answer's head who gave it: {@code X-Served-By}, {@code X-Served-Model} and, where it
 * is known, {@code X-Served-Version}.
 */
final class ServedBy {
  private static final String BY = "X-Served-By";
  private static final String MODEL = "X-Served-Model";
  private static final String VERSION = "X-Served-Version";

  private ServedBy() {}

  /** Replaces what was said before; does nothing where the head is sent. */
  static void put(HttpServerResponse response, Origin origin) {
    if (response.closed() || response.headWritten()) {
      return;
    }
    response.putHeader(BY, origin.servedBy()).putHeader(MODEL, origin.model());
    String version = origin.version();
    if (version == null) {
      response.headers().remove(VERSION);
    } else {
      response.putHeader(VERSION, version);
    }
  }
}
