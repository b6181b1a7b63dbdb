package io.fullbore.limits;

import io.fullbore.core.Account;
import io.fullbore.core.Failure;
import io.fullbore.core.Usage;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the limits, wherever the numbers are kept. What nothing limits is granted at once,
 * without asking anybody.
 */
final class AccountLimits implements Limits {
  private static final Hold NOTHING_HELD = new NothingHeld();

  private final Rates rates;
  private final Ledger ledger;
  private final PriceTable prices;
  private final long dailyCeilingMicros;
  private final InstantSource clock;

  AccountLimits(
      Rates rates, Ledger ledger, PriceTable prices, long dailyCeilingMicros, InstantSource clock) {
    this.rates = rates;
    this.ledger = ledger;
    this.prices = prices;
    this.dailyCeilingMicros = dailyCeilingMicros;
    this.clock = clock;
  }

  @Override
  public Future<Admittance> admit(Account account) {
    List<Bucket> buckets = Bucket.ofRequest(account);
    if (buckets.isEmpty()) {
      return granted(NOTHING_HELD, RateHeaders.EMPTY);
    }
    return rates
        .take(buckets, 1)
        .map(
            take ->
                switch (take) {
                  case Take.Granted granted ->
                      new Admittance.Granted(
                          new RequestHold(granted.back()), RateHeaders.of(granted.readings()));
                  case Take.Refused refused -> refusal(refused);
                });
  }

  @Override
  public Future<Admittance> reserve(
      Account account, String model, long promptTokens, long maxAnswerTokens) {
    long micros = prices.costMicros(model, promptTokens, maxAnswerTokens);
    long tokens = promptTokens + maxAnswerTokens;
    if (tokens < 0) {
      tokens = Long.MAX_VALUE;
    }
    List<Bucket> buckets = Bucket.ofTokens(account);
    Budgets budgets = micros == 0 ? Budgets.NONE : Budgets.of(account, dailyCeilingMicros);
    Failure never = neverFits(buckets, tokens, budgets, micros);
    if (never != null) {
      return refused(never, RateHeaders.EMPTY);
    }
    var reservation = new Reservation(account, model, tokens, micros);
    return buckets.isEmpty()
        ? book(reservation, budgets, Take.Granted.NOTHING)
        : rates
            .take(buckets, tokens)
            .compose(
                take ->
                    switch (take) {
                      case Take.Granted granted -> book(reservation, budgets, granted);
                      case Take.Refused refused -> Future.succeededFuture(refusal(refused));
                    });
  }

  @Override
  public Future<UsageReport> usage(LocalDate from, LocalDate to) {
    return ledger.usage(from, to);
  }

  /**
   * The most that a request may use.
   *
   * @param tokens of prompt and answer together
   */
  private record Reservation(Account account, String model, long tokens, long micros) {}

  /** Reserves the money after the tokens, which go back where there is not enough of it. */
  private Future<Admittance> book(Reservation reservation, Budgets budgets, Take.Granted tokens) {
    Owner owner = Owner.of(reservation.account());
    RateHeaders headers = RateHeaders.of(tokens.readings());
    if (budgets.equals(Budgets.NONE)) {
      return granted(hold(reservation, tokens, ledger.open(owner, reservation.model())), headers);
    }
    return ledger
        .reserve(owner, reservation.model(), reservation.micros(), budgets)
        .map(
            booking ->
                switch (booking) {
                  case Booking.Booked booked ->
                      new Admittance.Granted(hold(reservation, tokens, booked.receipt()), headers);
                  case Booking.Spent spent -> {
                    tokens.back().giveBack(reservation.tokens());
                    yield new Admittance.Refused(
                        spent(spent, budgets.limit(spent.budget())), headers);
                  }
                  case Booking.Unknown _ -> {
                    tokens.back().giveBack(reservation.tokens());
                    yield new Admittance.Refused(
                        new Failure.Unavailable(
                            "Budgets cannot be checked for now, and model=%s costs money. Try again later."
                                .formatted(reservation.model())),
                        headers);
                  }
                });
  }

  private Hold hold(Reservation reservation, Take.Granted tokens, Booking.Receipt receipt) {
    return new TokenHold(reservation, tokens.back(), receipt, prices);
  }

  private static @Nullable Failure neverFits(
      List<Bucket> buckets, long tokens, Budgets budgets, long micros) {
    for (Bucket bucket : buckets) {
      if (tokens > bucket.limit()) {
        return new Failure.InvalidRequest(
            "This request may use up to tokens=%d, which never fits %s. Shorten the prompt or the answer."
                .formatted(tokens, bucket.text()),
            null,
            "rate_limit_exceeded_permanently");
      }
    }
    for (Budget budget : Budget.values()) {
      long limit = budgets.limit(budget);
      if (limit > 0 && micros > limit) {
        return new Failure.InvalidRequest(
            "This request may cost up to micros=%d, which never fits %s: limit=%d. Shorten the prompt or the answer."
                .formatted(micros, budget.text(), limit),
            null,
            "budget_exceeded_permanently");
      }
    }
    return null;
  }

  private static Admittance refusal(Take.Refused refused) {
    return new Admittance.Refused(
        new Failure.RateLimited(
            "Rate limit reached for %s. Try again in %s."
                .formatted(refused.bucket().text(), RateHeaders.duration(refused.retryAfterMs())),
            refused.retryAfterMs()),
        RateHeaders.of(refused.readings()));
  }

  private Failure spent(Booking.Spent spent, long limit) {
    LocalDate next = spent.budget().next(spent.day());
    long endMs = next.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    return new Failure.BudgetSpent(
        "This request may cost more than is left of %s: limit=%d. Try again after it, at %s 00:00 UTC."
            .formatted(spent.budget().text(), limit, next),
        Math.max(1, endMs - clock.millis()));
  }

  private static Future<Admittance> granted(Hold hold, RateHeaders headers) {
    return Future.succeededFuture(new Admittance.Granted(hold, headers));
  }

  private static Future<Admittance> refused(Failure failure, RateHeaders headers) {
    return Future.succeededFuture(new Admittance.Refused(failure, headers));
  }

  /** Shared by all requests that nothing limits. */
  private record NothingHeld() implements Hold {
    @Override
    public void settle(Usage usage) {}

    @Override
    public void release() {}
  }

  /** A request and a slot. */
  private static final class RequestHold implements Hold {
    private final Take.Return back;
    private boolean ended;

    RequestHold(Take.Return back) {
      this.back = back;
    }

    @Override
    public void settle(Usage usage) {
      release();
    }

    @Override
    public void release() {
      if (!ended) {
        ended = true;
        back.giveBack(0);
      }
    }
  }

  /** Tokens and money. */
  private static final class TokenHold implements Hold {
    private final Reservation reservation;
    private final Take.Return back;
    private final Booking.Receipt receipt;
    private final PriceTable prices;
    private boolean ended;

    TokenHold(
        Reservation reservation, Take.Return back, Booking.Receipt receipt, PriceTable prices) {
      this.reservation = reservation;
      this.back = back;
      this.receipt = receipt;
      this.prices = prices;
    }

    @Override
    public void settle(Usage usage) {
      if (!ended) {
        ended = true;
        back.giveBack(Math.max(0, reservation.tokens() - usage.totalTokens()));
        receipt.settle(
            prices.costMicros(reservation.model(), usage.promptTokens(), usage.completionTokens()),
            usage);
      }
    }

    @Override
    public void release() {
      if (!ended) {
        ended = true;
        back.giveBack(reservation.tokens());
        receipt.release();
      }
    }
  }
}
