package io.fullbore.http;

import io.fullbore.cache.AnswerCache;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.vertx.ext.web.RoutingContext;

/** {@code /admin/cache}: how much is remembered, and forgetting it. Behind {@link AdminGuard}. */
final class AdminCacheHandler {
  private static final String TIER = "tier";
  private static final String KNOWLEDGE = "knowledge";

  private final AnswerCache cache;

  AdminCacheHandler(AnswerCache cache) {
    this.cache = cache;
  }

  /** {@code GET /admin/cache}. */
  void show(RoutingContext context) {
    JsonReply.send(
        context.response(),
        200,
        JsonText.object(
            json -> {
              json.writeStringField("object", "cache");
              json.writeBooleanField("enabled", cache.settings().enabled());
              json.writeNumberField("local_answers", cache.localCount());
              json.writeBooleanField("redis", cache.remoteUp());
            }));
  }

  /** {@code DELETE /admin/cache}, or only {@code ?tier=knowledge} of it. */
  void purge(RoutingContext context) {
    String tier = context.request().getParam(TIER);
    if (tier != null && !tier.equals(KNOWLEDGE)) {
      JsonReply.error(
          context.request(),
          ApiError.invalid(
              400, "'tier' may be 'knowledge', or be left out for all answers.", "invalid_value"));
      return;
    }
    cache
        .purge(tier == null ? AnswerCache.Purge.ALL : AnswerCache.Purge.KNOWLEDGE)
        .onSuccess(
            done ->
                JsonReply.send(
                    context.response(),
                    200,
                    JsonText.object(
                        json -> {
                          json.writeStringField("object", "cache");
                          json.writeStringField("purged", tier == null ? "all" : tier);
                        })))
        .onFailure(
            cause ->
                JsonReply.error(
                    context.request(),
                    ApiError.of(
                        new Failure.Unavailable(
                            "Answers were forgotten in this process only: " + cause.getMessage()),
                        "")));
  }
}
