package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What all event loops share of one upstream. Immutable but for its gate.
 *
 * @param failures says what goes wrong
 * @param headers of every request
 */
record SharedUpstream(
    UpstreamConfig.Upstream settings,
    UpstreamGate gate,
    Dialect dialect,
    UpstreamAddress address,
    MultiMap headers,
    AttemptFailures failures) {
  /**
   * @param clock what dates of the upstream are compared with
   */
  static SharedUpstream of(
      UpstreamConfig.Upstream settings,
      UpstreamGate gate,
      InstantSource clock,
      LongSupplier nanoClock) {
    Dialect dialect = dialect(settings, clock);
    return new SharedUpstream(
        settings,
        gate,
        dialect,
        UpstreamAddress.of(settings),
        headers(settings, dialect.headers()),
        new AttemptFailures(settings, clock, nanoClock));
  }

  private static Dialect dialect(UpstreamConfig.Upstream settings, InstantSource clock) {
    return switch (settings.dialect()) {
      case OPENAI -> new OpenAiDialect(settings);
      case AZURE -> new AzureDialect(settings);
      case ANTHROPIC -> new AnthropicDialect(settings, clock);
    };
  }

  /** Configured headers come last and win. None of a client's headers is ever passed on. */
  private static MultiMap headers(
      UpstreamConfig.Upstream settings, Map<String, String> dialectHeaders) {
    MultiMap headers =
        HttpHeaders.headers()
            .set(HttpHeaders.CONTENT_TYPE, "application/json")
            .set(HttpHeaders.USER_AGENT, "fullbore");
    dialectHeaders.forEach((name, value) -> headers.set(name, value));
    for (UpstreamConfig.Header header : settings.headers()) {
      headers.set(header.name(), header.value().strip());
    }
    return headers;
  }

  /** What every attempt of a call asks for; the body apart. */
  RequestOptions request(ForwardedCall call, String model) {
    MultiMap own = HttpHeaders.headers().setAll(headers);
    if (call.stream()) {
      // compressed, pieces would wait for each other
      own.set(HttpHeaders.ACCEPT, "text/event-stream").set(HttpHeaders.ACCEPT_ENCODING, "identity");
    } else {
      own.set(HttpHeaders.ACCEPT, "application/json");
    }
    return new RequestOptions()
        .setMethod(HttpMethod.POST)
        .setSsl(address.tls())
        .setHost(address.host())
        .setPort(address.port())
        .setURI(address.path() + dialect.path(call, model))
        .setConnectTimeout(settings.connectTimeoutMs())
        .setHeaders(own);
  }

  /** Without the headers, which hold secrets. */
  @Override
  public String toString() {
    return settings.toString();
  }
}
