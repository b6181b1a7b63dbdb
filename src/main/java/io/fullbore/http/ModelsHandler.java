package io.fullbore.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.fullbore.routing.Route;
import io.fullbore.routing.Target;
import io.fullbore.serving.ServedModel;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.stream.Collectors;

/** {@code GET /v1/models} and {@code GET /v1/models/{id}}: the models that the caller may use. */
final class ModelsHandler {
  /** The path parameter that holds the model's name. */
  static final String ID = "id";

  private final ModelCatalog catalog;

  ModelsHandler(ModelCatalog catalog) {
    this.catalog = catalog;
  }

  void list(RoutingContext context) {
    Caller caller = Authenticator.caller(context);
    String models =
        JsonText.object(
            json -> {
              json.writeStringField("object", "list");
              json.writeArrayFieldStart("data");
              for (Route route : catalog.all()) {
                if (caller.mayUse(route.name())) {
                  json.writeStartObject();
                  write(json, route);
                  json.writeEndObject();
                }
              }
              json.writeEndArray();
            });
    JsonReply.send(context.response(), 200, models);
  }

  void get(RoutingContext context) {
    String name = context.pathParam(ID);
    Route route = catalog.routes().find(name);
    Failure refusal = catalog.refusal(Authenticator.caller(context), name);
    if (route == null || refusal != null) {
      JsonReply.error(context.request(), ApiError.of(refusal, ""));
    } else {
      JsonReply.send(context.response(), 200, JsonText.object(json -> write(json, route)));
    }
  }

  /** What others serve was made at no known time, and its context has no known length. */
  private void write(JsonGenerator json, Route route) throws IOException {
    ServedModel local = catalog.find(route.name());
    json.writeStringField("id", route.name());
    json.writeStringField("object", "model");
    json.writeNumberField("created", local == null ? 0 : local.createdEpochSeconds());
    json.writeStringField("owned_by", local == null ? owner(route) : "fullbore");
    if (local != null) {
      json.writeNumberField("max_model_len", local.contextTokens());
    }
  }

  private static String owner(Route route) {
    return route.choices().stream()
        .map(choice -> choice.target())
        .map(
            target -> target instanceof Target.Upstream upstream ? upstream.upstream() : "fullbore")
        .distinct()
        .collect(Collectors.joining(","));
  }
}
