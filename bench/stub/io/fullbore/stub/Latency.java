package io.fullbore.stub;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long an answer takes to begin. Its text form is {@code fixed:20}, {@code uniform:10-50} or
 * {@code lognormal:50,400} (the median and the 99th percentile), in milliseconds.
 */
public sealed interface Latency {
  Latency NONE = new Fixed(0);

  /** One draw. */
  double sampleMs(RandomGenerator random);

  @JsonValue
  String text();

  /** Always the same. */
  record Fixed(double ms) implements Latency {
    public Fixed {
      check(ms >= 0, "fixed: ms=%s must not be negative", ms);
    }

    @Override
    public double sampleMs(RandomGenerator random) {
      return ms;
    }

    @Override
    public String text() {
      return "fixed:" + ms;
    }
  }

  /** Anything from {@code minMs} to {@code maxMs} alike. */
  record Uniform(double minMs, double maxMs) implements Latency {
    public Uniform {
      check(0 <= minMs && minMs < maxMs, "uniform: %s-%s must rise", minMs, maxMs);
    }

    @Override
    public double sampleMs(RandomGenerator random) {
      return random.nextDouble(minMs, maxMs);
    }

    @Override
    public String text() {
      return "uniform:%s-%s".formatted(minMs, maxMs);
    }
  }

  /** With a long tail, as networks and busy servers have it. */
  record Lognormal(double p50Ms, double p99Ms) implements Latency {
    /** The 99th percentile of the standard normal distribution. */
    private static final double P99_SIGMAS = 2.326348;

    public Lognormal {
      check(0 < p50Ms && p50Ms < p99Ms, "lognormal: %s,%s must rise from 0", p50Ms, p99Ms);
    }

    @Override
    public double sampleMs(RandomGenerator random) {
      double sigma = Math.log(p99Ms / p50Ms) / P99_SIGMAS;
      return p50Ms * Math.exp(sigma * random.nextGaussian());
    }

    @Override
    public String text() {
      return "lognormal:%s,%s".formatted(p50Ms, p99Ms);
    }
  }

  static Latency fixed(double ms) {
    return new Fixed(ms);
  }

  /**
   * @throws IllegalArgumentException where it is none of the three forms
   */
  @JsonCreator
  static Latency parse(String text) {
    Matcher parts =
        Pattern.compile("(fixed|uniform|lognormal):([\\d.]+)(?:[-,]([\\d.]+))?").matcher(text);
    boolean matches = parts.matches();
    check(
        matches && parts.group(1).equals("fixed") == (parts.group(3) == null),
        "latency=%s must be like fixed:20, uniform:10-50 or lognormal:50,400",
        text);
    double first = Double.parseDouble(parts.group(2));
    return switch (parts.group(1)) {
      case "fixed" -> new Fixed(first);
      case "uniform" -> new Uniform(first, Double.parseDouble(parts.group(3)));
      case "lognormal" -> new Lognormal(first, Double.parseDouble(parts.group(3)));
      case String other -> throw new IllegalStateException(other);
    };
  }

  private static void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(values));
    }
  }
}
