package io.fullbore.stub;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The stub's command line. Runs until it is killed. */
@Command(
    name = "StubUpstream",
    description = "An upstream API for tests: OpenAI's, Azure's and Anthropic's.",
    mixinStandardHelpOptions = true)
final class StubCommand implements Callable<Integer> {
  @Option(names = "--host", defaultValue = "127.0.0.1")
  private String host = "";

  @Option(names = "--port", defaultValue = "18200", description = "0 takes any free one.")
  private int port;

  @Option(names = "--seed", defaultValue = "1", description = "Of latencies, faults and ids.")
  private long seed;

  @Option(
      names = "--latency",
      description = "fixed:20, uniform:10-50 or lognormal:50,400 (p50 and p99), in ms.")
  private @Nullable String latency;

  @Option(names = "--tokens-per-second", description = "Of one answer; 0 is all at once.")
  private @Nullable Double tokensPerSecond;

  @Option(names = "--tokens", description = "Length of an answer.")
  private @Nullable Integer tokens;

  @Option(
      names = "--ceiling",
      description = "Answers a second by all callers together; more of them wait longer.")
  private @Nullable Double ceiling;

  @Option(names = "--max-concurrent", description = "More requests at once get 429.")
  private @Nullable Integer maxConcurrent;

  @Option(
      names = "--one-small-machine",
      description = "An answer takes 1.2 s alone and 8.3 s, on average, where ten are asked for.")
  private boolean oneSmallMachine;

  @Option(
      names = "--behaviour",
      defaultValue = "{}",
      description =
          "JSON as for POST /stub/behaviour, such as"
              + " {\"faults\":[{\"kind\":\"status\",\"status\":429,\"retryAfter\":\"1\",\"rate\":0.1}]}.")
  private String behaviour = "";

  @Override
  public Integer call() throws TimeoutException {
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    var stub = new StubUpstream(host, port, behaviour(), seed);
    vertx.deployVerticle(stub).await(10, TimeUnit.SECONDS);
    System.out.printf(Locale.ROOT, "listens on %d%n", stub.port());
    return 0;
  }

  private StubBehaviour behaviour() {
    Pace pace = oneSmallMachine ? Pace.ONE_SMALL_MACHINE : Pace.INSTANT;
    if (latency != null) {
      pace = pace.withLatency(Latency.parse(latency));
    }
    if (tokensPerSecond != null) {
      pace = pace.withTokensPerSecond(tokensPerSecond);
    }
    if (ceiling != null) {
      pace = pace.withCeilingPerSecond(ceiling);
    }
    if (maxConcurrent != null) {
      pace = pace.withMaxConcurrent(maxConcurrent);
    }
    AnswerShape answer = AnswerShape.PLAIN;
    if (tokens != null) {
      answer = answer.withTokens(tokens);
    }
    return StubBehaviour.PLAIN.with(pace).with(answer).changed(behaviour);
  }
}
