package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig.UpstreamModel;

public final class UpstreamClients {
  public long closedForMs(String u) {
    return 0;
  }

  public UpstreamCall call(
      String u, ForwardedCall c, UpstreamModel m, long tokens, Attempts a, UpstreamSink s) {
    throw new IllegalStateException();
  }
}
