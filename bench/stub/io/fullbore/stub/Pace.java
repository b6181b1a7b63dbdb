package io.fullbore.stub;

/**
 * How fast the stub answers.
 *
 * @param latency until the first piece of a stream; of a whole answer, until its first token
 * @param tokensPerSecond of one answer; 0 is all at once
 * @param ceilingPerSecond answers begun a second by all callers together: who comes beyond that
 *     waits, so that latency climbs and throughput does not; 0 is no ceiling
 * @param maxConcurrent requests at once, beyond which 429 is answered; 0 is no limit
 */
public record Pace(
    Latency latency, double tokensPerSecond, double ceilingPerSecond, int maxConcurrent) {
  public static final Pace INSTANT = new Pace(Latency.NONE, 0, 0, 0);

  /** One small machine: alone, an answer takes 1.2 s; ten callers wait 8.3 s each on average. */
  public static final Pace ONE_SMALL_MACHINE = new Pace(Latency.fixed(1_200), 0, 10 / 8.3, 0);

  public Pace {
    if (tokensPerSecond < 0 || ceilingPerSecond < 0 || maxConcurrent < 0) {
      throw new IllegalArgumentException(
          "pace: tokensPerSecond=%s, ceilingPerSecond=%s and maxConcurrent=%d must not be negative"
              .formatted(tokensPerSecond, ceilingPerSecond, maxConcurrent));
    }
  }

  public Pace withLatency(Latency latency) {
    return new Pace(latency, tokensPerSecond, ceilingPerSecond, maxConcurrent);
  }

  public Pace withTokensPerSecond(double tokensPerSecond) {
    return new Pace(latency, tokensPerSecond, ceilingPerSecond, maxConcurrent);
  }

  public Pace withCeilingPerSecond(double ceilingPerSecond) {
    return new Pace(latency, tokensPerSecond, ceilingPerSecond, maxConcurrent);
  }

  public Pace withMaxConcurrent(int maxConcurrent) {
    return new Pace(latency, tokensPerSecond, ceilingPerSecond, maxConcurrent);
  }
}
