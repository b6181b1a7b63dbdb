package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.DetokenizeRequest;
import io.fullbore.http.wire.JsonText;
import io.fullbore.serving.ServedModel;
import io.fullbore.tokenizer.Detokenizer;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /detokenize}: the text of token ids, special ones included; under vLLM's name for it
 * and under llama.cpp's.
 */
final class DetokenizeHandler implements BiConsumer<RoutingContext, RequestBody> {
  private final RequestParser parser;
  private final RequestLimit limit;
  private final BoundedWorkers workers;
  private final ModelCatalog catalog;

  DetokenizeHandler(
      RequestParser parser, RequestLimit limit, BoundedWorkers workers, ModelCatalog catalog) {
    this.parser = parser;
    this.limit = limit;
    this.workers = workers;
    this.catalog = catalog;
  }

  @Override
  public void accept(RoutingContext context, RequestBody body) {
    parser.parse(
        context,
        body,
        DetokenizeRequest::read,
        request ->
            limit.admit(
                context, Requesters.of(context).account(null), () -> detokenize(context, request)));
  }

  private void detokenize(RoutingContext context, DetokenizeRequest request) {
    ServedModel model = catalog.find(request.model());
    Failure failure = catalog.localRefusal(Authenticator.caller(context), request.model());
    if (model != null && failure == null) {
      failure = unknownToken(request.tokens(), model);
    }
    if (model == null || failure != null) {
      JsonReply.error(context.request(), ApiError.of(failure, ""));
      return;
    }
    workers.run(
        context,
        () -> answer(request.tokens(), model),
        json -> JsonReply.send(context.response(), 200, json));
  }

  private static @Nullable Failure unknownToken(List<Integer> ids, ServedModel model) {
    int size = model.tokenizer().vocabulary().size();
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i) >= size) {
        String param = "tokens[%d]".formatted(i);
        return new Failure.InvalidRequest(
            "Invalid value for '%s': there is no token %d; ids are 0 to %d."
                .formatted(param, ids.get(i), size - 1),
            param,
            "invalid_value");
      }
    }
    return null;
  }

  private static String answer(List<Integer> ids, ServedModel model) {
    Detokenizer detokenizer = model.tokenizer().detokenizer(true, true);
    var text = new StringBuilder();
    ids.forEach(id -> text.append(detokenizer.accept(id)));
    text.append(detokenizer.flush());
    return JsonText.object(
        json -> {
          json.writeStringField("prompt", text.toString());
          json.writeStringField("content", text.toString());
        });
  }
}
