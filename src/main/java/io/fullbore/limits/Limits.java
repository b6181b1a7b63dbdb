package io.fullbore.limits;

import io.fullbore.core.Account;
import io.vertx.core.Future;
import java.time.LocalDate;

/**
 * Decides whether a request may be served, and counts what it used. Called by the request flow:
 *
 * <pre>
 *   admit (requests, concurrency) --> cached answer: release
 *                                 --> reserve (tokens, money) --> compute --> settle what was used
 * </pre>
 *
 * <p>Whatever cannot be asked costs a bounded time: see {@link RedisLimits} for what holds then.
 */
public interface Limits {
  /**
   * Takes one request and one concurrency slot from every bucket of the account, of the key and,
   * where one is named, of the end user; or nothing at all.
   */
  Future<Admittance> admit(Account account);

  /**
   * Reserves tokens and money for the most that a request may use; all or nothing.
   *
   * @param maxAnswerTokens the longest answer that the request allows, all its choices together
   */
  Future<Admittance> reserve(
      Account account, String model, long promptTokens, long maxAnswerTokens);

  /**
   * What was used on the UTC days {@code [from, to)}.
   *
   * @return fails with {@link io.fullbore.redis.RedisDownException} while Redis cannot tell
   */
  Future<UsageReport> usage(LocalDate from, LocalDate to);
}
