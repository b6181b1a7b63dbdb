package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.vertx.core.Vertx;
import java.util.List;

public final class Upstreams {
  public Upstreams(Vertx v, List<UpstreamConfig.Upstream> l) {}

  public UpstreamClients clients(Vertx v) {
    return new UpstreamClients();
  }
}
