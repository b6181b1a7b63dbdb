package io.fullbore.http;

import io.fullbore.engine.EngineStatus;
import io.fullbore.http.wire.JsonText;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;

/** {@code GET /health}: 503 while an engine has work and makes no steps. */
final class HealthHandler implements Handler<RoutingContext> {
  private final EngineHealth health;

  HealthHandler(EngineHealth health) {
    this.health = health;
  }

  @Override
  public void handle(RoutingContext context) {
    List<String> stalled = health.stalled();
    String json =
        JsonText.object(
            body -> {
              body.writeStringField("status", stalled.isEmpty() ? "ok" : "stalled");
              body.writeObjectFieldStart("engines");
              for (Map.Entry<String, EngineStatus> engine : health.statuses().entrySet()) {
                EngineStatus status = engine.getValue();
                body.writeObjectFieldStart(engine.getKey());
                body.writeStringField(
                    "status", stalled.contains(engine.getKey()) ? "stalled" : "ok");
                if (status.fault() != null) {
                  body.writeStringField("fault", status.fault());
                }
                body.writeNumberField("running", status.running());
                body.writeNumberField("waiting", status.waiting());
                body.writeNumberField("free_blocks", status.freeBlocks());
                body.writeNumberField("cached_blocks", status.cachedBlocks());
                body.writeNumberField("blocks", status.blockCount());
                body.writeNumberField("host_blocks", status.hostBlocks());
                body.writeNumberField("host_cached_blocks", status.hostCachedBlocks());
                body.writeNumberField("steps", status.stepCount());
                body.writeNumberField("prompt_tokens", status.promptTokens());
                body.writeNumberField("generated_tokens", status.generatedTokens());
                body.writeNumberField("preemptions", status.preemptions());
                body.writeEndObject();
              }
              body.writeEndObject();
            });
    JsonReply.send(context.response(), stalled.isEmpty() ? 200 : 503, json);
  }
}
