package io.fullbore.stub;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A request as the stub saw it, and how it ended. Written by the stub's event loop, read by anyone.
 */
public final class StubRequest {
  /** How a request ended. */
  public enum End {
    /** The whole answer was written, or as much of it as the behaviour says. */
    ANSWERED,
    /** The stub closed the connection on purpose. */
    CLOSED_BY_STUB,
    /** The caller went away before the answer was complete. */
    CLOSED_BY_CALLER
  }

  private final String method;
  private final String uri;
  private final MultiMap headers;
  private final Buffer body;
  private final long startNanos;
  private volatile @Nullable Ended ended;

  private record Ended(End how, long afterNanos) {}

  StubRequest(String method, String uri, MultiMap headers, Buffer body, long startNanos) {
    this.method = method;
    this.uri = uri;
    this.headers = headers;
    this.body = body;
    this.startNanos = startNanos;
  }

  public String method() {
    return method;
  }

  /** With its query. */
  public String uri() {
    return uri;
  }

  /** Without its query. */
  public String path() {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  public MultiMap headers() {
    return headers;
  }

  /** A header's value, or null. */
  public @Nullable String header(String name) {
    return headers.get(name);
  }

  public Buffer body() {
    return body;
  }

  public JsonObject json() {
    return new JsonObject(body);
  }

  /** Null while it runs. */
  public @Nullable End end() {
    Ended now = ended;
    return now == null ? null : now.how();
  }

  public boolean closedEarly() {
    return end() == End.CLOSED_BY_CALLER;
  }

  /** From its last byte to its end; empty while it runs. */
  public OptionalLong endedAfterNanos() {
    Ended now = ended;
    return now == null ? OptionalLong.empty() : OptionalLong.of(now.afterNanos());
  }

  /** Only the first end counts; says whether this was it. */
  boolean end(End how, long nowNanos) {
    if (ended != null) {
      return false;
    }
    ended = new Ended(how, nowNanos - startNanos);
    return true;
  }

  @Override
  public String toString() {
    return "%s %s %s".formatted(method, uri, ended);
  }
}
