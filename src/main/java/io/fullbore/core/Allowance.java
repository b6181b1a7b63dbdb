package io.fullbore.core;

/**
 * What a key or one of its end users may use. 0 is no limit everywhere.
 *
 * @param requestsPerMinute requests, cached answers included
 * @param tokensPerMinute tokens of prompts and answers that are computed or forwarded
 * @param concurrentRequests requests under way at a time
 * @param dayMicros money per UTC day, in millionths of the currency of the price table
 * @param monthMicros money per UTC month
 */
public record Allowance(
    long requestsPerMinute,
    long tokensPerMinute,
    long concurrentRequests,
    long dayMicros,
    long monthMicros) {
  /** No limit at all. */
  public static final Allowance UNLIMITED = new Allowance(0, 0, 0, 0, 0);

  public Allowance {
    if (requestsPerMinute < 0
        || tokensPerMinute < 0
        || concurrentRequests < 0
        || dayMicros < 0
        || monthMicros < 0) {
      throw new IllegalArgumentException(
          "requestsPerMinute=%d tokensPerMinute=%d concurrentRequests=%d dayMicros=%d monthMicros=%d must not be negative"
              .formatted(
                  requestsPerMinute, tokensPerMinute, concurrentRequests, dayMicros, monthMicros));
    }
  }
}
