package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.fullbore.config.UpstreamConfig.Dialect;
import java.util.List;

/** What a gate heeds of an upstream's configuration. */
record GateSettings(
    int maxConcurrent,
    int maxQueued,
    long queueTimeoutMs,
    long requestsPerMinute,
    long tokensPerMinute) {
  static final String NAME = "far";
  static final long SILENT_MS = 30_000;
  private static final String KEY = "sk-secret";

  static GateSettings slots(int maxConcurrent, int maxQueued) {
    return new GateSettings(maxConcurrent, maxQueued, 5_000, 0, 0);
  }

  static GateSettings rates(long requestsPerMinute, long tokensPerMinute) {
    return new GateSettings(100, 100, 5_000, requestsPerMinute, tokensPerMinute);
  }

  GateSettings withQueueTimeoutMs(long ms) {
    return new GateSettings(maxConcurrent, maxQueued, ms, requestsPerMinute, tokensPerMinute);
  }

  UpstreamConfig.Upstream upstream() {
    return new UpstreamConfig.Upstream(
        NAME,
        Dialect.OPENAI,
        "http://localhost:1",
        KEY,
        null,
        null,
        List.of(),
        List.of(),
        maxConcurrent,
        maxQueued,
        queueTimeoutMs,
        requestsPerMinute,
        tokensPerMinute,
        3_000,
        60_000,
        SILENT_MS,
        2,
        false);
  }
}
