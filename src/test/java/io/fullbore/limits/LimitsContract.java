package io.fullbore.limits;

import static io.fullbore.limits.Accounts.day;
import static io.fullbore.limits.Accounts.key;
import static io.fullbore.limits.Accounts.month;
import static io.fullbore.limits.Accounts.named;
import static io.fullbore.limits.Accounts.requests;
import static io.fullbore.limits.Accounts.slots;
import static io.fullbore.limits.Accounts.tokens;
import static io.fullbore.limits.Accounts.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.GatewayConfig;
import io.fullbore.config.GatewayConfig.MoneyFallback;
import io.fullbore.config.GatewayConfig.Price;
import io.fullbore.core.Account;
import io.fullbore.core.Allowance;
import io.fullbore.core.Failure;
import io.fullbore.core.Usage;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds for all {@link Limits}, as three event loops see them at once. */
@Timeout(60)
abstract class LimitsContract {
  /** A token of this model costs one micro. */
  static final String PRICED = "priced";

  static final String FREE = "free";
  static final PriceTable PRICES = PriceTable.of(List.of(new Price(PRICED, 1_000_000, 1_000_000)));
  static final int NODE_COUNT = 3;
  static final long REQUEST_TIMEOUT_MS = 3_600_000;
  static final long SLOT_LIFE_MS = REQUEST_TIMEOUT_MS + 600_000;

  private static final List<Vertx> VERTX = new ArrayList<>();

  final MovableClock clock = new MovableClock("2026-11-25T22:00:00Z");
  private List<Node> nodes = List.of();

  /**
   * One event loop with its limits.
   *
   * @param vertx of this node alone
   */
  record Node(Vertx vertx, Context loop, Limits limits) {
    <T> Future<T> call(Function<Limits, Future<T>> action) {
      Promise<T> done = Promise.promise();
      loop.runOnContext(ignored -> action.apply(limits).onComplete(done));
      return done.future();
    }
  }

  /** The limits of the given event loop; all share what they count. */
  abstract Limits open(Vertx vertx, Context loop, GatewayConfig.Limits limits) throws Exception;

  @BeforeAll
  static void startVertx() {
    for (int i = 0; i < NODE_COUNT; i++) {
      VERTX.add(Vertx.vertx());
    }
  }

  @AfterAll
  static void closeVertx() throws Exception {
    for (Vertx vertx : VERTX) {
      vertx.close().await(10, TimeUnit.SECONDS);
    }
    VERTX.clear();
  }

  @BeforeEach
  void openWithoutCeiling() throws Exception {
    open(new GatewayConfig.Limits(0, 50, MoneyFallback.CLOSED, 0));
  }

  final void open(GatewayConfig.Limits limits) throws Exception {
    var opened = new ArrayList<Node>();
    for (Vertx vertx : VERTX) {
      Context loop = vertx.getOrCreateContext();
      opened.add(new Node(vertx, loop, open(vertx, loop, limits)));
    }
    nodes = opened;
  }

  static <T> T await(Future<T> future) throws Exception {
    return future.await(30, TimeUnit.SECONDS);
  }

  final <T> T call(Function<Limits, Future<T>> action) throws Exception {
    return await(begin(action));
  }

  /** As {@link #call}, without waiting. */
  final <T> Future<T> begin(Function<Limits, Future<T>> action) {
    return nodes.getFirst().call(action);
  }

  final Admittance admit(Account account) throws Exception {
    return call(limits -> limits.admit(account));
  }

  final Admittance reserve(Account account, String model, long prompt, long answer)
      throws Exception {
    return call(limits -> limits.reserve(account, model, prompt, answer));
  }

  final void settle(Admittance admittance, int prompt, int answer) throws Exception {
    onLoop(() -> granted(admittance).settle(new Usage(prompt, 0, answer)));
  }

  final void release(Admittance admittance) throws Exception {
    onLoop(() -> granted(admittance).release());
  }

  private void onLoop(Runnable action) throws Exception {
    call(
        ignored -> {
          action.run();
          return Future.succeededFuture();
        });
  }

  static Hold granted(Admittance admittance) {
    return assertInstanceOf(Admittance.Granted.class, admittance, admittance::toString).hold();
  }

  static <F extends Failure> F refused(Class<F> failure, Admittance admittance) {
    return assertInstanceOf(
        failure,
        assertInstanceOf(Admittance.Refused.class, admittance, admittance::toString).failure());
  }

  /** Waits until whatever was settled or released is counted. */
  void awaitCounted() throws Exception {}

  final UsageReport usage() throws Exception {
    awaitCounted();
    return call(limits -> limits.usage(LocalDate.MIN, LocalDate.MAX));
  }

  /** How many of so many calls from each node at once are granted. */
  final int grantedOf(int callsPerNode, Function<Limits, Future<Admittance>> action)
      throws Exception {
    var calls = new ArrayList<Future<Admittance>>();
    for (int i = 0; i < callsPerNode; i++) {
      nodes.forEach(node -> calls.add(node.call(action)));
    }
    int count = 0;
    for (Future<Admittance> call : calls) {
      if (await(call) instanceof Admittance.Granted) {
        count++;
      }
    }
    return count;
  }

  @Test
  void whatNothingLimitsIsGrantedAtOnce() throws Exception {
    assertTrue(whatNothingLimitsIsGranted());
    assertEquals(RateHeaders.EMPTY, admit(Account.ANONYMOUS).headers());
  }

  /** By the time the call returns. */
  final boolean whatNothingLimitsIsGranted() throws Exception {
    return call(limits -> Future.succeededFuture(grantsUnlimitedAtOnce(limits)));
  }

  private static boolean grantsUnlimitedAtOnce(Limits limits) {
    return limits.admit(Account.ANONYMOUS).result() instanceof Admittance.Granted
        && limits.reserve(Account.ANONYMOUS, FREE, 10, 10).result() instanceof Admittance.Granted
        && limits.reserve(Account.ANONYMOUS, PRICED, 10, 10).result() instanceof Admittance.Granted
        && limits.reserve(key(day(1)), FREE, 10, 10).result() instanceof Admittance.Granted;
  }

  @Test
  void parallelCallersGetExactlyTheLimit() throws Exception {
    // At 7 a minute no further one becomes free while this test runs.
    assertEquals(7, grantedOf(100, limits -> limits.admit(key(requests(7)))));
    assertEquals(5, grantedOf(100, limits -> limits.admit(named("slots", slots(5)))));
    assertEquals(
        4, grantedOf(100, limits -> limits.reserve(named("tokens", tokens(99)), FREE, 4, 20)));
  }

  @Test
  void aRefusedRequestTakesNothing() throws Exception {
    Account account = user(requests(10), requests(1), "user");
    granted(admit(account));
    var failure = refused(Failure.RateLimited.class, admit(account));
    assertTrue(failure.retryAfterMs() > 50_000 && failure.retryAfterMs() <= 60_000);
    assertTrue(failure.message().contains("requests per minute of user user of key key: limit=1"));
    assertEquals(
        "8", admit(key(requests(10))).headers().values().get("x-ratelimit-remaining-requests"));
  }

  @Test
  void headersTellTheLimitAndWhatIsLeft() throws Exception {
    var headers = admit(key(requests(6))).headers().values();
    assertEquals("6", headers.get("x-ratelimit-limit-requests"));
    assertEquals("5", headers.get("x-ratelimit-remaining-requests"));
    assertEquals("10s", headers.get("x-ratelimit-reset-requests"));
    headers = reserve(key(tokens(600)), FREE, 50, 50).headers().values();
    assertEquals("600", headers.get("x-ratelimit-limit-tokens"));
    assertEquals("500", headers.get("x-ratelimit-remaining-tokens"));
    assertEquals("10s", headers.get("x-ratelimit-reset-tokens"));
  }

  @Test
  void slotsAreTakenAndFreed() throws Exception {
    Account account = key(slots(2));
    Admittance first = admit(account);
    granted(admit(account));
    assertTrue(refused(Failure.RateLimited.class, admit(account)).retryAfterMs() > 0);
    release(first);
    release(first);
    granted(admit(account));
    refused(Failure.RateLimited.class, admit(account));
  }

  @Test
  void usersHaveBucketsOfTheirOwn() throws Exception {
    for (String name : List.of("a", "b", "a name with {braces}: \u00e9", "")) {
      Account account = user(Allowance.UNLIMITED, requests(1), name);
      granted(admit(account));
      refused(Failure.RateLimited.class, admit(account));
    }
  }

  @Test
  void unusedTokensComeBack() throws Exception {
    Account account = key(tokens(100));
    Admittance first = reserve(account, FREE, 10, 90);
    refused(Failure.RateLimited.class, reserve(account, FREE, 10, 40));
    settle(first, 10, 20);
    release(first);
    Admittance second = reserve(account, FREE, 10, 60);
    refused(Failure.RateLimited.class, reserve(account, FREE, 10, 60));
    release(second);
    granted(reserve(account, FREE, 10, 60));
  }

  @Test
  void whatCanNeverFitIsAnInvalidRequest() throws Exception {
    var failure = refused(Failure.InvalidRequest.class, reserve(key(tokens(100)), FREE, 10, 91));
    assertEquals("rate_limit_exceeded_permanently", failure.code());
    assertTrue(failure.message().contains("limit=100"));
    refused(
        Failure.InvalidRequest.class,
        reserve(key(tokens(100)), FREE, Long.MAX_VALUE, Long.MAX_VALUE));
    failure = refused(Failure.InvalidRequest.class, reserve(key(day(100)), PRICED, 10, 91));
    assertEquals("budget_exceeded_permanently", failure.code());
  }

  @Test
  void parallelReservationsSpendExactlyTheBudget() throws Exception {
    assertEquals(10, grantedOf(100, limits -> limits.reserve(key(day(1_009)), PRICED, 50, 50)));
  }

  @Test
  void anyBudgetRefusesForAll() throws Exception {
    Account a = user(day(300), month(100), "a");
    Account b = user(day(300), month(100), "b");
    granted(reserve(a, PRICED, 0, 100));
    refused(Failure.BudgetSpent.class, reserve(a, PRICED, 0, 1));
    granted(reserve(b, PRICED, 0, 100));
    granted(reserve(key(day(300)), PRICED, 0, 100));
    refused(Failure.BudgetSpent.class, reserve(key(day(300)), PRICED, 0, 1));
    granted(reserve(key(day(300)), FREE, 0, 1));
  }

  @Test
  void theCeilingHoldsForEverybody() throws Exception {
    open(new GatewayConfig.Limits(100, 50, MoneyFallback.CLOSED, 0));
    granted(reserve(named("a", Allowance.UNLIMITED), PRICED, 0, 60));
    Account b = named("b", Allowance.UNLIMITED);
    refused(Failure.BudgetSpent.class, reserve(b, PRICED, 0, 60));
    granted(reserve(b, PRICED, 0, 40));
  }

  @Test
  void moneyRefusedGivesTheTokensBack() throws Exception {
    Account account = key(new Allowance(0, 100, 0, 60, 0));
    granted(reserve(account, PRICED, 0, 40));
    refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 60));
    granted(reserve(account, FREE, 0, 60));
  }

  @Test
  void settlingCountsTheRealCostAndReleaseNone() throws Exception {
    Account account = key(day(100));
    Admittance first = reserve(account, PRICED, 10, 90);
    settle(first, 10, 20);
    release(first);
    Admittance second = reserve(account, PRICED, 10, 60);
    refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 1));
    release(second);
    settle(second, 10, 60);
    granted(reserve(account, PRICED, 10, 60));
  }

  @Test
  void settlingAfterMidnightChangesTheDayOfTheReservation() throws Exception {
    Account account = key(new Allowance(0, 0, 0, 100, 1_000));
    Admittance evening = reserve(account, PRICED, 10, 90);
    var failure = refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 1));
    assertEquals(Duration.ofHours(2).toMillis(), failure.retryAfterMs());
    clock.move(Duration.ofHours(3));
    granted(reserve(account, PRICED, 10, 90));
    settle(evening, 10, 20);
    refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 1));
    var rows = usage().rows();
    assertEquals(
        List.of(
            new SpendRow(LocalDate.of(2026, 11, 25), "key", null, PRICED, 1, 10, 20, 30),
            new SpendRow(LocalDate.of(2026, 11, 26), "key", null, PRICED, 0, 0, 0, 100)),
        rows);
    assertEquals(
        rows.subList(1, 2),
        call(limits -> limits.usage(LocalDate.of(2026, 11, 26), LocalDate.of(2026, 11, 27)))
            .rows());
  }

  @Test
  void theMonthEndsAtItsEnd() throws Exception {
    Account account = key(month(100));
    granted(reserve(account, PRICED, 0, 100));
    clock.set("2026-11-30T23:00:00Z");
    var failure = refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 1));
    assertEquals(Duration.ofHours(1).toMillis(), failure.retryAfterMs());
    clock.set("2026-12-01T00:00:00Z");
    granted(reserve(account, PRICED, 0, 100));
  }

  @Test
  void usageIsShownWithoutAnyLimit() throws Exception {
    Account a = user(Allowance.UNLIMITED, Allowance.UNLIMITED, "a");
    settle(reserve(a, PRICED, 10, 90), 10, 20);
    settle(reserve(a, PRICED, 10, 90), 1, 2);
    settle(reserve(a, FREE, 10, 90), 5, 6);
    release(reserve(a, PRICED, 10, 90));
    LocalDate day = LocalDate.of(2026, 11, 25);
    assertEquals(
        List.of(
            new SpendRow(day, "key", "a", FREE, 1, 5, 6, 0),
            new SpendRow(day, "key", "a", PRICED, 2, 11, 22, 33)),
        usage().rows());
    assertEquals(
        List.of(new SpendTotal(day, "key", null, 33), new SpendTotal(day, "key", "a", 33)),
        usage().totals());
  }

  @Test
  void theShownFigureIsTheEnforcedOne() throws Exception {
    for (String name : List.of("a", "b", "c")) {
      Account account = user(day(10_000), day(1_000), name);
      settle(reserve(account, PRICED, 10, 90), 10, 20);
      release(reserve(account, PRICED, 10, 90));
      granted(reserve(account, PRICED, 7, 3));
      settle(reserve(account, FREE, 10, 90), 10, 20);
    }
    granted(reserve(key(day(10_000)), PRICED, 0, 80));
    UsageReport report = usage();
    for (SpendTotal total : report.totals()) {
      assertEquals(total.costMicros(), sum(report, total), total::toString);
    }
    assertEquals(200, report.totals().getFirst().costMicros());
    granted(reserve(key(day(10_000)), PRICED, 0, 9_800));
    refused(Failure.BudgetSpent.class, reserve(key(day(10_000)), PRICED, 0, 1));
  }

  private static long sum(UsageReport report, SpendTotal total) {
    return report.rows().stream()
        .filter(row -> total.user() == null || total.user().equals(row.user()))
        .mapToLong(SpendRow::costMicros)
        .sum();
  }
}
