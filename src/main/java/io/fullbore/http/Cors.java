package io.fullbore.http;

import io.fullbore.http.wire.ApiError;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CorsHandler;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Lets the pages of some origins call this server from a browser. Stands before the {@link
 * Authenticator}: browsers ask whether they may call (preflight) without showing a key.
 */
final class Cors {
  private static final int PREFLIGHT_SECONDS = 3_600;

  /** The last ones are those that the JavaScript clients add by themselves. */
  private static final Set<String> REQUEST_HEADERS =
      Set.of(
          "Authorization",
          "Content-Type",
          "X-Api-Key",
          "api-key",
          "X-User-Id",
          "X-Cache",
          "X-Cache-Tier",
          "X-Request-Id",
          "X-Session-Id",
          "OpenAI-Organization",
          "OpenAI-Project",
          "OpenAI-Beta",
          "anthropic-version",
          "anthropic-beta",
          "anthropic-dangerous-direct-browser-access",
          "X-Stainless-Arch",
          "X-Stainless-Helper-Method",
          "X-Stainless-Lang",
          "X-Stainless-OS",
          "X-Stainless-Package-Version",
          "X-Stainless-Retry-Count",
          "X-Stainless-Runtime",
          "X-Stainless-Runtime-Version",
          "X-Stainless-Timeout");

  private static final Set<String> RESPONSE_HEADERS =
      Set.of(
          "X-Request-Id",
          "X-Cache",
          "Age",
          "Retry-After",
          "x-ratelimit-limit-requests",
          "x-ratelimit-limit-tokens",
          "x-ratelimit-remaining-requests",
          "x-ratelimit-remaining-tokens",
          "x-ratelimit-reset-requests",
          "x-ratelimit-reset-tokens");

  private Cors() {}

  /**
   * Fails requests from other origins with 403, to be answered by {@link #refuse}.
   *
   * @param origins with commas between, or {@code *}, as {@code http.corsOrigins} has them
   * @throws IllegalArgumentException when one of them is no origin
   */
  static Handler<RoutingContext> from(String origins) {
    List<String> list =
        Arrays.stream(origins.split(",")).map(String::strip).filter(o -> !o.isEmpty()).toList();
    try {
      if (list.isEmpty()) {
        throw new IllegalArgumentException("no origin"); // it would mean every origin
      }
      CorsHandler others =
          CorsHandler.create()
              .addOrigins(list.contains("*") ? List.of("*") : list)
              .allowedMethods(Set.of(HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE))
              .allowedHeaders(REQUEST_HEADERS)
              .exposedHeaders(RESPONSE_HEADERS)
              .maxAgeSeconds(PREFLIGHT_SECONDS);
      return context -> {
        if (isOwnOrigin(context.request())) {
          context.next();
        } else {
          others.handle(context);
        }
      };
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "http.corsOrigins=%s must be origins such as https://chat.example.com, with commas between, or *"
              .formatted(origins),
          e);
    }
  }

  /** Whether a page of this very server sends the request: there is nothing to allow. */
  private static boolean isOwnOrigin(HttpServerRequest request) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    String host = request.getHeader(HttpHeaders.HOST);
    return origin != null && host != null && origin.equals(request.scheme() + "://" + host);
  }

  static void refuse(RoutingContext context) {
    JsonReply.error(
        context.request(),
        ApiError.invalid(
            403,
            "Pages of this origin may not call here: add it to http.corsOrigins.",
            "origin_not_allowed"));
  }
}
