package io.fullbore.routing;

import io.fullbore.config.UpstreamConfig;

/** Somebody who can answer. */
public sealed interface Target {
  /** What the one who answers calls the model. */
  String model();

  /** The name of the price of its tokens, and under which they are counted. */
  String priceName();

  /** A model of this process. */
  record Local(String model) implements Target {
    @Override
    public String priceName() {
      return model;
    }
  }

  /**
   * A model of an upstream.
   *
   * @param upstream the upstream's name
   * @param settings of the model
   */
  record Upstream(String upstream, UpstreamConfig.UpstreamModel settings) implements Target {
    @Override
    public String model() {
      return settings.name();
    }

    @Override
    public String priceName() {
      return UpstreamConfig.Upstream.fullName(upstream, model());
    }
  }
}
