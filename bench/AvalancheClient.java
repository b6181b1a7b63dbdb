import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Many clients that ask again as soon as they are answered, and before, amid and after them a
 * trickle of probes; a few clients ask first of all, to warm the server up. Every request has a
 * deadline, at which its client leaves. Told to come back later (429 with Retry-After), a client
 * does; after any other failure it waits a second. Prints a line for each phase and the counts as
 * JSON.
 *
 * <p>{@code java -cp target/fullbore.jar bench/AvalancheClient.java --help}
 *
 * <p>One event loop owns everything.
 */
@Command(name = "AvalancheClient", mixinStandardHelpOptions = true)
public final class AvalancheClient implements Callable<Integer> {
  private static final long PAUSE_MS = 1_000;
  private static final int WARM_UP_CLIENTS = 4;

  @Option(names = "--port", required = true)
  private int port;

  @Option(names = "--model", required = true)
  private String model = "";

  @Option(names = "--clients", defaultValue = "200")
  private int clients;

  @Option(names = "--warm-up-seconds", defaultValue = "10")
  private int warmUpSeconds;

  @Option(names = "--calm-seconds", defaultValue = "20")
  private int calmSeconds;

  @Option(names = "--seconds", defaultValue = "120", description = "The burst's length.")
  private int seconds;

  @Option(names = "--after-seconds", defaultValue = "60")
  private int afterSeconds;

  @Option(names = "--deadline-ms", defaultValue = "10000")
  private long deadlineMs;

  @Option(names = "--tokens", defaultValue = "32", description = "Of an answer.")
  private int tokens;

  @Option(names = "--probes-per-second", defaultValue = "4")
  private int probesPerSecond;

  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
  private final HttpClient http =
      vertx.createHttpClient(
          new HttpClientOptions().setConnectTimeout(5_000),
          new PoolOptions().setHttp1MaxSize(4_096).setMaxWaitQueueSize(-1));
  private final Tally tally = new Tally();
  private final List<Probe> probes = new ArrayList<>();
  private final CountDownLatch done = new CountDownLatch(1);
  private long questionCount;
  private volatile int status;
  private long burstStartNanos;
  private long burstEndNanos;

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new AvalancheClient()).execute(arguments));
  }

  @Override
  public Integer call() throws InterruptedException {
    vertx.runOnContext(ignored -> warmUp());
    done.await();
    return status;
  }

  private void warmUp() {
    System.out.println("phase warm-up");
    long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmUpSeconds);
    for (int i = 0; i < WARM_UP_CLIENTS; i++) {
      askUntil(endNanos, new Tally());
    }
    vertx.setTimer(TimeUnit.SECONDS.toMillis(warmUpSeconds) + deadlineMs, ignored -> calm());
  }

  private void calm() {
    System.out.println("phase calm");
    long timer = vertx.setPeriodic(1_000 / probesPerSecond, ignored -> probe());
    vertx.setTimer(TimeUnit.SECONDS.toMillis(calmSeconds), ignored -> burst(timer));
  }

  private void burst(long timer) {
    burstStartNanos = System.nanoTime();
    if (probes.stream().noneMatch(probe -> probe.isAnswered)) {
      System.err.println(
          "no probe was answered while it was calm; the first: " + probes.getFirst().outcome);
      status = 1;
      done.countDown();
      return;
    }
    System.out.println("phase burst");
    burstEndNanos = burstStartNanos + TimeUnit.SECONDS.toNanos(seconds);
    for (int i = 0; i < clients; i++) {
      askUntil(burstEndNanos, tally);
    }
    vertx.setTimer(TimeUnit.SECONDS.toMillis(seconds), ignored -> after(timer));
  }

  private void after(long timer) {
    System.out.println("phase after");
    vertx.setTimer(
        TimeUnit.SECONDS.toMillis(afterSeconds),
        ignored -> {
          vertx.cancelTimer(timer);
          vertx.setTimer(deadlineMs + PAUSE_MS, alsoIgnored -> end());
        });
  }

  private void end() {
    System.out.println("JSON " + report().encode());
    done.countDown();
  }

  // --- One client ---------------------------------------------------------------------------

  private void askUntil(long endNanos, Tally counts) {
    if (System.nanoTime() >= endNanos) {
      return;
    }
    ask(
        outcome -> {
          if (System.nanoTime() < endNanos) {
            counts.add(outcome);
          }
          long pauseMs =
              switch (outcome.kind) {
                case ANSWERED, LATE -> 0;
                case REFUSED -> outcome.retryAfterMs >= 0 ? outcome.retryAfterMs : PAUSE_MS;
                case FAILED -> PAUSE_MS;
              };
          if (pauseMs > 0) {
            vertx.setTimer(pauseMs, ignored -> askUntil(endNanos, counts));
          } else {
            vertx.runOnContext(ignored -> askUntil(endNanos, counts));
          }
        });
  }

  private void probe() {
    var probe = new Probe(System.nanoTime());
    probes.add(probe);
    ask(
        outcome -> {
          probe.isAnswered = outcome.kind == Kind.ANSWERED;
          probe.outcome = "%s %s".formatted(outcome.kind, outcome.detail);
          probe.tookNanos =
              probe.isAnswered ? outcome.tookNanos : TimeUnit.MILLISECONDS.toNanos(deadlineMs);
        });
  }

  // --- One request --------------------------------------------------------------------------

  private enum Kind {
    ANSWERED,
    /** 429. */
    REFUSED,
    /** Nothing came until the deadline, or not all. */
    LATE,
    FAILED
  }

  /** What became of a request; told once. */
  private static final class Outcome {
    final long startNanos = System.nanoTime();
    private final Consumer<Outcome> listener;
    Kind kind = Kind.FAILED;
    String detail = "";
    long retryAfterMs = -1;
    long tookNanos = -1;

    Outcome(Consumer<Outcome> listener) {
      this.listener = listener;
    }

    boolean isKnown() {
      return tookNanos >= 0;
    }

    void tell(Kind known, String why) {
      if (!isKnown()) {
        tookNanos = System.nanoTime() - startNanos;
        kind = known;
        detail = why;
        listener.accept(this);
      }
    }
  }

  private void ask(Consumer<Outcome> listener) {
    var outcome = new Outcome(listener);
    http.request(HttpMethod.POST, port, "127.0.0.1", "/v1/chat/completions")
        .onFailure(e -> outcome.tell(Kind.FAILED, "no connection"))
        .onSuccess(request -> send(request, outcome));
  }

  private void send(HttpClientRequest request, Outcome outcome) {
    long timer =
        vertx.setTimer(
            deadlineMs,
            ignored -> {
              outcome.tell(Kind.LATE, "");
              request.reset();
            });
    request
        .putHeader("Content-Type", "application/json")
        .send(question())
        .compose(answer -> answer.body().onSuccess(body -> judge(answer, body, outcome)))
        .onFailure(e -> outcome.tell(Kind.FAILED, "broken connection"))
        .onComplete(ignored -> vertx.cancelTimer(timer));
  }

  private Buffer question() {
    String text = "Question %d: why does water run down the stairs?".formatted(questionCount++);
    return new JsonObject()
        .put("model", model)
        .put("max_tokens", tokens)
        .put("ignore_eos", true)
        .put(
            "messages",
            new JsonArray().add(new JsonObject().put("role", "user").put("content", text)))
        .toBuffer();
  }

  private static void judge(HttpClientResponse answer, Buffer body, Outcome outcome) {
    switch (answer.statusCode()) {
      case 200 -> {
        String by = answer.getHeader("X-Served-By");
        boolean whole = body.toString().contains("\"choices\"");
        outcome.tell(whole ? Kind.ANSWERED : Kind.FAILED, by == null ? "unnamed" : by);
      }
      case 429 -> {
        String retryAfter = answer.getHeader("Retry-After");
        if (retryAfter != null) {
          outcome.retryAfterMs = (long) (1_000 * Double.parseDouble(retryAfter));
        }
        outcome.tell(Kind.REFUSED, "");
      }
      default -> outcome.tell(Kind.FAILED, "status " + answer.statusCode());
    }
  }

  // --- What is counted ----------------------------------------------------------------------

  /** What became of the burst's requests while it lasted. */
  private static final class Tally {
    final Map<String, Integer> answeredBy = new TreeMap<>();
    final Map<String, Integer> failures = new TreeMap<>();
    final List<Long> answeredNanos = new ArrayList<>();
    int refusedWithRetryAfter;
    int refusedWithout;
    int late;

    void add(Outcome outcome) {
      switch (outcome.kind) {
        case ANSWERED -> {
          answeredBy.merge(outcome.detail, 1, Integer::sum);
          answeredNanos.add(outcome.tookNanos);
        }
        case REFUSED -> {
          if (outcome.retryAfterMs >= 0) {
            refusedWithRetryAfter++;
          } else {
            refusedWithout++;
          }
        }
        case LATE -> late++;
        case FAILED -> failures.merge(outcome.detail, 1, Integer::sum);
      }
    }
  }

  /** A probe that was not answered took as long as the deadline. */
  private static final class Probe {
    final long startNanos;
    long tookNanos = -1;
    boolean isAnswered;
    String outcome = "";

    Probe(long startNanos) {
      this.startNanos = startNanos;
    }
  }

  private JsonObject report() {
    double calmP99 = p99(probesBetween(Long.MIN_VALUE, burstStartNanos));
    return new JsonObject()
        .put("answered", tally.answeredNanos.size())
        .put("answered_per_second", (double) tally.answeredNanos.size() / seconds)
        .put("answered_by", new JsonObject(Map.copyOf(tally.answeredBy)))
        .put("p50_ms", percentileMs(nanos(tally.answeredNanos), 0.5))
        .put("p99_ms", percentileMs(nanos(tally.answeredNanos), 0.99))
        .put("refused_with_retry_after", tally.refusedWithRetryAfter)
        .put("refused_without", tally.refusedWithout)
        .put("beyond_deadline", tally.late)
        .put("failures", new JsonObject(Map.copyOf(tally.failures)))
        .put("probe_p99_before_ms", calmP99)
        .put("probe_p99_burst_ms", p99(probesBetween(burstStartNanos, burstEndNanos)))
        .put("recovered_after_s", recoveredAfterSeconds(calmP99));
  }

  /**
   * How long after the burst the first probe began with which p99 was back: that of all probes from
   * it on is at most half more than before the burst, or 100 ms more. Null where it never was.
   */
  private Double recoveredAfterSeconds(double calmP99Ms) {
    double limitMs = Math.max(1.5 * calmP99Ms, calmP99Ms + 100);
    List<Probe> after = probesBetween(burstEndNanos, Long.MAX_VALUE);
    for (int first = 0; first + probesPerSecond * 5 <= after.size(); first++) {
      if (p99(after.subList(first, after.size())) <= limitMs) {
        return Math.max(0, after.get(first).startNanos - burstEndNanos) / 1e9;
      }
    }
    return null;
  }

  private List<Probe> probesBetween(long fromNanos, long toNanos) {
    return probes.stream()
        .filter(probe -> probe.startNanos >= fromNanos && probe.startNanos < toNanos)
        .toList();
  }

  private static double p99(List<Probe> probes) {
    return percentileMs(probes.stream().mapToLong(probe -> probe.tookNanos).toArray(), 0.99);
  }

  private static long[] nanos(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).toArray();
  }

  private static double percentileMs(long[] nanos, double share) {
    if (nanos.length == 0) {
      return 0;
    }
    Arrays.sort(nanos);
    long value = nanos[Math.min(nanos.length - 1, (int) (share * nanos.length))];
    return Math.round(value / 1e4) / 100.0;
  }
}
