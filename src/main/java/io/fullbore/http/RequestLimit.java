package io.fullbore.http;

import io.fullbore.core.Account;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.limits.Admittance;
import io.fullbore.limits.Hold;
import io.fullbore.limits.Limits;
import io.fullbore.limits.RateHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a request and a slot from the limits of its account before it is served, and gives the slot
 * back when its response has ended, however it ended. Confined to one event loop.
 */
final class RequestLimit {
  private static final Logger LOG = LoggerFactory.getLogger(RequestLimit.class);

  private final Limits limits;

  RequestLimit(Limits limits) {
    this.limits = limits;
  }

  /**
   * Goes on with {@code next} where the limits allow, and answers the request where they do not.
   */
  void admit(RoutingContext context, Account account, Runnable next) {
    limits
        .admit(account)
        .onSuccess(admittance -> admitted(context, admittance, next))
        .onFailure(
            cause -> {
              LOG.error("the limits of a request could not be counted", cause);
              JsonReply.error(context.request(), ApiError.internal());
            });
  }

  private static void admitted(RoutingContext context, Admittance admittance, Runnable next) {
    HttpServerResponse response = context.response();
    switch (admittance) {
      case Admittance.Refused(Failure failure, RateHeaders headers) -> {
        put(response, headers);
        JsonReply.error(context.request(), ApiError.of(failure, ""));
      }
      case Admittance.Granted(Hold hold, RateHeaders headers) -> {
        if (response.closed()) { // the caller left while the limits were asked
          hold.release();
          return;
        }
        context.addEndHandler(ignored -> hold.release());
        put(response, headers);
        next.run();
      }
    }
  }

  /** Puts headers on a response that has not begun. */
  static void put(HttpServerResponse response, RateHeaders headers) {
    if (!response.closed() && !response.headWritten()) {
      headers.values().forEach(response::putHeader);
    }
  }
}
