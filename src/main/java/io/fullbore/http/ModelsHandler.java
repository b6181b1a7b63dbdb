package io.fullbore.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.fullbore.serving.ServedModel;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;

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
              for (ServedModel model : catalog.all()) {
                if (caller.mayUse(model.name())) {
                  json.writeStartObject();
                  write(json, model);
                  json.writeEndObject();
                }
              }
              json.writeEndArray();
            });
    JsonReply.send(context.response(), 200, models);
  }

  void get(RoutingContext context) {
    String name = context.pathParam(ID);
    ServedModel model = catalog.find(name);
    Failure refusal = catalog.refusal(Authenticator.caller(context), name);
    if (model == null || refusal != null) {
      JsonReply.error(context.response(), ApiError.of(refusal, ""));
    } else {
      JsonReply.send(context.response(), 200, JsonText.object(json -> write(json, model)));
    }
  }

  private static void write(JsonGenerator json, ServedModel model) throws IOException {
    json.writeStringField("id", model.name());
    json.writeStringField("object", "model");
    json.writeNumberField("created", model.createdEpochSeconds());
    json.writeStringField("owned_by", "fullbore");
    json.writeNumberField("max_model_len", model.contextTokens());
  }
}
