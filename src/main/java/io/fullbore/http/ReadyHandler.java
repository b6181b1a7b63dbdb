package io.fullbore.http;

import io.fullbore.http.wire.JsonText;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code GET /ready}: 200 once there are models and the engine of each has reported. */
final class ReadyHandler implements Handler<RoutingContext> {
  private final EngineHealth health;
  private final ModelCatalog catalog;

  ReadyHandler(EngineHealth health, ModelCatalog catalog) {
    this.health = health;
    this.catalog = catalog;
  }

  @Override
  public void handle(RoutingContext context) {
    List<String> missing = health.missing();
    boolean ready = missing.isEmpty() && !catalog.all().isEmpty();
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
