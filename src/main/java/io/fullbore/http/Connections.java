package io.fullbore.http;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The open connections of one API instance, from the moment they are open. Closes those beyond the
 * limit, and those on which nothing has been under way for a while: a request is under way once its
 * head is complete, so that neither silence nor a head in small pieces keeps a connection. Vert.x's
 * own idle timeout would also cut a caller off that waits for a long answer. Confined to one event
 * loop.
 */
final class Connections implements Handler<RoutingContext> {
  private static final long NANOS_PER_MS = 1_000_000;
  private static final int SWEEPS_PER_TIMEOUT = 4;

  /** RFC 9113, section 7. */
  private static final long HTTP2_NO_ERROR = 0;

  private static final long HTTP2_CANCEL = 8;

  /** Idle timeouts after which a connection is cut whose caller has still not read its answer. */
  private static final int PATIENCE = 5;

  private static final class Use {
    final List<HttpServerResponse> underWay = new ArrayList<>();
    long lastSeenBusyNanos = System.nanoTime();

    void forgetFinished() {
      underWay.removeIf(response -> response.ended() || response.closed());
    }
  }

  private final int limit;
  private final long idleTimeoutMs;
  private final Map<HttpConnection, Use> open = new HashMap<>();

  Connections(int limit, long idleTimeoutMs) {
    this.limit = limit;
    this.idleTimeoutMs = idleTimeoutMs;
  }

  /** Begins to look for idle connections. */
  void start(Vertx vertx) {
    if (idleTimeoutMs > 0) {
      vertx.setPeriodic(
          Math.max(1, idleTimeoutMs / SWEEPS_PER_TIMEOUT), ignored -> closeIdle(System.nanoTime()));
    }
  }

  void opened(HttpConnection connection) {
    if (open.size() >= limit) {
      connection.close();
      return;
    }
    open.put(connection, new Use());
    connection.closeHandler(ignored -> open.remove(connection));
  }

  /** Notes a request. */
  @Override
  public void handle(RoutingContext context) {
    Use use = open.get(context.request().connection());
    if (use != null) {
      use.forgetFinished();
      use.underWay.add(context.response());
    }
    context.next();
  }

  private void closeIdle(long nowNanos) {
    List<HttpConnection> idle = new ArrayList<>();
    List<HttpConnection> stuck = new ArrayList<>();
    long timeoutNanos = idleTimeoutMs * NANOS_PER_MS;
    open.forEach(
        (connection, use) -> {
          boolean busy = !use.underWay.isEmpty();
          use.forgetFinished();
          if (busy) {
            use.lastSeenBusyNanos = nowNanos;
          } else if (nowNanos - use.lastSeenBusyNanos >= PATIENCE * timeoutNanos) {
            stuck.add(connection);
          } else if (nowNanos - use.lastSeenBusyNanos >= timeoutNanos) {
            idle.add(connection);
          }
        });
    idle.forEach(HttpConnection::close);
    stuck.forEach(Connections::cut);
  }

  /**
   * Ends an answer that cannot go on, at once and visibly unfinished. In HTTP/2 that is the end of
   * its stream; other answers may be under way on the same connection.
   */
  static void cut(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      request.response().reset(HTTP2_CANCEL);
    } else {
      cut(request.connection());
    }
  }

  /** Takes no more of a request that has its answer. */
  static void stopReading(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      request.response().reset(HTTP2_NO_ERROR);
    } else {
      request.connection().close();
    }
  }

  /**
   * Closes a connection without sending what is left: {@link HttpConnection#close} waits for a
   * caller to read it, also for one that never will.
   */
  private static void cut(HttpConnection connection) {
    ((HttpServerConnection) connection).channelHandlerContext().close();
  }
}
