package io.fullbore.http;

import io.fullbore.http.wire.Requester;
import io.vertx.ext.web.RoutingContext;

/** Who sent a request, as its headers say. */
final class Requesters {
  private static final String USER = "X-User-Id";

  private Requesters() {}

  static Requester of(RoutingContext context) {
    String user = context.request().getHeader(USER);
    return new Requester(
        Authenticator.caller(context), user == null || user.isEmpty() ? null : user);
  }
}
