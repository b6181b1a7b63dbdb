package io.fullbore.http;

import io.fullbore.auth.AdminKey;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/**
 * Stands before {@code /admin}: only who shows the administrator's key passes. Without one in the
 * configuration nobody does, and the answer says how to set one.
 */
final class AdminGuard implements Handler<RoutingContext> {
  private static final ApiError OFF =
      ApiError.invalid(
          404,
          "The admin API is off: set auth.adminKey, for example as FULLBORE_AUTH_ADMIN_KEY.",
          "admin_off");
  private static final Failure NO_KEY =
      new Failure.Unauthorized(
          "You did not provide the admin key. Send it as 'Authorization: Bearer KEY'.");
  private static final Failure WRONG_KEY =
      new Failure.Forbidden("This is not the admin key that auth.adminKey holds.");

  private final AdminKey adminKey;

  AdminGuard(AdminKey adminKey) {
    this.adminKey = adminKey;
  }

  @Override
  public void handle(RoutingContext context) {
    String presented = PresentedKey.of(context.request());
    if (!adminKey.configured()) {
      JsonReply.error(context.request(), OFF);
    } else if (presented == null) {
      Authenticator.refuse(context, NO_KEY);
    } else if (!adminKey.matches(presented)) {
      JsonReply.error(context.request(), ApiError.of(WRONG_KEY, ""));
    } else {
      context.next();
    }
  }
}
