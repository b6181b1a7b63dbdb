package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.fullbore.config.UpstreamConfig.Dialect;
import io.fullbore.config.UpstreamConfig.Header;
import io.fullbore.config.UpstreamConfig.Upstream;
import io.fullbore.config.UpstreamConfig.UpstreamModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings of an upstream named {@code up}: those of the configuration, but for what a test says.
 */
final class Settings {
  static final UpstreamModel MODEL = new UpstreamModel("their-model", 100, 0, 0);

  private final String baseUrl;
  Dialect dialect = Dialect.OPENAI;
  @Nullable String apiKey = "sk-0123456789";
  @Nullable String apiVersion;
  List<Header> headers = List.of();
  int maxConcurrent = 64;
  long connectTimeoutMs = 3_000;
  long firstTokenTimeoutMs = 20_000;
  long idleTimeoutMs = 20_000;
  int maxRetries;
  boolean hedge;

  Settings(String baseUrl) {
    this.baseUrl = baseUrl;
  }

  UpstreamConfig.Upstream build() {
    return new Upstream(
        "up",
        dialect,
        baseUrl,
        apiKey,
        null,
        apiVersion,
        headers,
        List.of(MODEL),
        maxConcurrent,
        128,
        5_000,
        0,
        0,
        connectTimeoutMs,
        firstTokenTimeoutMs,
        idleTimeoutMs,
        maxRetries,
        hedge);
  }
}
