package io.fullbore.http;

import io.fullbore.http.wire.JsonText;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code GET /ready}: 200 once the engine of every local model has reported; there may be none. */
final class ReadyHandler implements Handler<RoutingContext> {
  private final EngineHealth health;

  ReadyHandler(EngineHealth health) {
    this.health = health;
  }

  @Override
  public void handle(RoutingContext context) {
    List<String> missing = health.missing();
    boolean ready = missing.isEmpty();
    String json =
        JsonText.object(
            body -> {
              body.writeStringField("status", ready ? "ready" : "starting");
              body.writeArrayFieldStart("waiting_for");
              for (String version : missing) {
                body.writeString(version);
              }
              body.writeEndArray();
            });
    JsonReply.send(context.response(), ready ? 200 : 503, json);
  }
}
