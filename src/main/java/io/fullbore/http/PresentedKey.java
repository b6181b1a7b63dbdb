package io.fullbore.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * The key that a request shows: {@code Authorization: Bearer …}, as OpenAI's clients send it, or
 * else {@code X-Api-Key} or {@code api-key}, as Anthropic's and Azure's do.
 */
final class PresentedKey {
  private static final String BEARER = "Bearer ";

  private PresentedKey() {}

  /** Null where there is none. */
  static @Nullable String of(HttpServerRequest request) {
    String authorization = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      String key = authorization.substring(BEARER.length()).strip();
      if (!key.isEmpty()) {
        return key;
      }
    }
    String key = request.getHeader("X-Api-Key");
    if (key == null) {
      key = request.getHeader("api-key");
    }
    return key == null || key.isBlank() ? null : key.strip();
  }
}
