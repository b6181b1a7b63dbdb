package io.fullbore.http;

import io.fullbore.auth.KeyStore;
import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Stands before every endpoint that does work: notes who calls, and answers 401 to those who have
 * no key that is in force. As long as there never was a key, callers on this very machine need
 * none, and whatever key they send is ignored; others are refused, so that a server that is put on
 * a network by mistake serves no strangers.
 */
final class Authenticator implements Handler<RoutingContext> {
  private static final String CALLER = Authenticator.class.getName();

  private static final List<String> FORWARDED =
      List.of(
          "Forwarded",
          "Via",
          "X-Real-IP",
          "X-Forwarded-For",
          "X-Forwarded-Host",
          "X-Forwarded-Proto");

  private static final Pattern LOOPBACK_NAME =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[?::1]?", Pattern.CASE_INSENSITIVE);

  private static final Failure NO_KEY =
      new Failure.Unauthorized(
          "You did not provide an API key. Send it as 'Authorization: Bearer KEY' or as 'X-Api-Key:"
              + " KEY'.");
  private static final Failure WRONG_KEY =
      new Failure.Unauthorized(
          "Incorrect API key provided: it is not known here, or was revoked, or has expired.");
  private static final Failure STRANGER =
      new Failure.Unauthorized(
          "This server has no API keys yet and answers only callers on its own machine. Create a"
              + " key with POST /admin/keys; that needs auth.adminKey to be set.");

  private final KeyStore keys;

  Authenticator(KeyStore keys) {
    this.keys = keys;
  }

  /** Who calls. Only behind an authenticator. */
  static Caller caller(RoutingContext context) {
    Caller caller = context.get(CALLER);
    if (caller == null) {
      throw new IllegalStateException("no authenticator stands before this route");
    }
    return caller;
  }

  @Override
  public void handle(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (keys.empty()) {
      if (isLocal(request)) {
        admit(context, Caller.ANONYMOUS);
      } else {
        refuse(context, STRANGER);
      }
      return;
    }
    String presented = PresentedKey.of(request);
    Optional<Caller> caller = presented == null ? Optional.empty() : keys.authenticate(presented);
    if (caller.isPresent()) {
      admit(context, caller.get());
    } else {
      refuse(context, presented == null ? NO_KEY : WRONG_KEY);
    }
  }

  private static void admit(RoutingContext context, Caller caller) {
    context.put(CALLER, caller);
    context.next();
  }

  /**
   * What a proxy on this machine passes on comes from elsewhere, and so does what a page sends that
   * a browser on this machine shows; a name for this machine other than its own may be such a
   * page's.
   */
  private static boolean isLocal(HttpServerRequest request) {
    if (!isLoopback(request.remoteAddress().hostAddress())) {
      return false;
    }
    for (String header : FORWARDED) {
      if (request.headers().contains(header)) {
        return false;
      }
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    HostAndPort host = request.authority();
    return (host == null || isOwnName(host.host())) && (origin == null || isOwnOrigin(origin));
  }

  private static boolean isOwnOrigin(String origin) {
    try {
      String host = URI.create(origin).getHost();
      return host != null && isOwnName(host);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isOwnName(String host) {
    return LOOPBACK_NAME.matcher(host).matches();
  }

  static boolean isLoopback(@Nullable String address) {
    return address != null && InetAddress.ofLiteral(address).isLoopbackAddress();
  }

  static void refuse(RoutingContext context, Failure failure) {
    context.response().putHeader("WWW-Authenticate", "Bearer");
    JsonReply.error(context.request(), ApiError.of(failure, ""));
  }
}
