package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.fullbore.config.UpstreamConfig;
import io.fullbore.core.Failure;
import io.fullbore.upstream.AttemptFailure.Blame;
import io.vertx.core.MultiMap;
import java.time.InstantSource;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says of everything that goes wrong with one upstream what it means:
 *
 * <pre>
 *   no connection, 408, 409, 425, 5xx, nonsense   try again, then elsewhere
 *   429, 503, 529                                 the same, and leave it alone for a while
 *   401, 402, 403, 405, 3xx, no credit, and a     the configuration's fault: elsewhere, and a line
 *   404 that is no error of the API               in the log; its words are not for the caller
 *   any other 404                                 elsewhere, else the upstream's words
 *   other 4xx                                     the request's fault: the upstream's words
 *   silence                                       elsewhere
 * </pre>
 *
 * <p>No secret is in what it says. Shared by all event loops.
 */
final class AttemptFailures {
  private static final Logger LOG = LoggerFactory.getLogger(AttemptFailures.class);

  private final UpstreamConfig.Upstream upstream;
  private final Secrets secrets;
  private final InstantSource clock;
  private final RareLog misconfigured;
  private final RareLog unreachable;

  /**
   * @param clock what a Retry-After's date is compared with
   */
  AttemptFailures(UpstreamConfig.Upstream upstream, InstantSource clock, LongSupplier nanoClock) {
    this.upstream = upstream;
    this.secrets = new Secrets(upstream);
    this.clock = clock;
    this.misconfigured = new RareLog(nanoClock);
    this.unreachable = new RareLog(nanoClock);
  }

  private String says(String what) {
    return "The upstream '%s' %s.".formatted(upstream.name(), what);
  }

  private AttemptFailure failed(String what) {
    return AttemptFailure.of(new Failure.UpstreamFailed(says(what)), true);
  }

  private AttemptFailure late(String what) {
    return AttemptFailure.of(new Failure.TimedOut(says(what)), false);
  }

  /** No connection could be made; the cause's words are for the log. */
  AttemptFailure notConnected(Throwable cause) {
    if (unreachable.permits()) {
      LOG.warn(
          "upstream={} cannot be reached: {}", upstream.name(), secrets.hide(cause.toString()));
    }
    return failed("could not be reached");
  }

  /** The connection broke before any of the answer came. */
  AttemptFailure disconnected() {
    return failed("closed the connection without an answer");
  }

  AttemptFailure noFirstPiece() {
    return late("did not answer in %d ms".formatted(upstream.firstTokenTimeoutMs()));
  }

  AttemptFailure silent() {
    return late("fell silent amid its answer for %d ms".formatted(upstream.idleTimeoutMs()));
  }

  AttemptFailure cut() {
    return failed("cut its answer");
  }

  AttemptFailure broken(BrokenAnswerException why) {
    return failed(secrets.told(Objects.requireNonNull(why.getMessage())));
  }

  /** A fault of this server, of which the log tells more. */
  AttemptFailure internal() {
    var failure =
        new Failure.EngineFailed(
            "Asking the upstream '%s' failed; see the server's log.".formatted(upstream.name()));
    return new AttemptFailure(failure, Blame.NOBODY, false, false, 0);
  }

  /**
   * A status that is no success.
   *
   * @param body as much of it as came
   */
  AttemptFailure status(int status, MultiMap headers, byte[] body) {
    AttemptFailure failure =
        failure(status, ErrorBody.of(body), RetryAfter.ms(headers, clock.instant()));
    return "false".equalsIgnoreCase(headers.get("x-should-retry"))
        ? new AttemptFailure(
            failure.failure(), failure.blame(), false, failure.elsewhere(), failure.retryAfterMs())
        : failure;
  }

  /** An error in place of an answer, or amid it, after the status of a success. */
  AttemptFailure error(JsonNode error) {
    ErrorBody body = ErrorBody.of(error);
    if (body.status() != 0) {
      return failure(body.status(), body, 0);
    }
    String message = body.message();
    return failed(
        message == null
            ? "broke its answer off with an error"
            : "broke its answer off: " + secrets.told(message));
  }

  private AttemptFailure failure(int status, ErrorBody body, long retryAfterMs) {
    boolean noCredit = status == 429 && "insufficient_quota".equals(body.code());
    return switch (status) {
      case 401, 402, 403, 405 -> misconfigured(status);
      case 404 -> body.isTyped() ? rejected(status, body) : misconfigured(status);
      case 429, 503, 529 -> noCredit ? misconfigured(status) : overloaded(status, retryAfterMs);
      case 408, 409, 425 -> failed(status);
      default -> {
        if (status < 400) {
          yield misconfigured(status);
        }
        yield status < 500 ? rejected(status, body) : failed(status);
      }
    };
  }

  private AttemptFailure failed(int status) {
    return failed("failed with status %d".formatted(status));
  }

  private AttemptFailure overloaded(int status, long retryAfterMs) {
    Failure failure =
        status == 503 && retryAfterMs == 0
            ? new Failure.UpstreamFailed(says("failed with status 503"))
            : new Failure.Overloaded(says("has too much to do"), retryAfterMs);
    return new AttemptFailure(failure, Blame.LOAD, true, true, retryAfterMs);
  }

  /** A caller may bring about a 403, so it says nothing of the upstream. */
  private AttemptFailure misconfigured(int status) {
    if (misconfigured.permits()) {
      LOG.error(
          "upstream={} answers with status={}: check its key, its credit and its baseUrl={}",
          upstream.name(),
          status,
          secrets.hide(upstream.baseUrl()));
    }
    var failure = new Failure.UpstreamFailed(says("does not serve this gateway"));
    Blame blame = status == 403 ? Blame.NOBODY : Blame.UPSTREAM;
    return new AttemptFailure(failure, blame, false, true, 0);
  }

  private AttemptFailure rejected(int status, ErrorBody body) {
    String message = body.message();
    String type = body.type();
    var failure =
        new Failure.UpstreamRejected(
            status,
            message == null
                ? says("rejected the request with status %d".formatted(status))
                : secrets.told(message),
            type == null ? "invalid_request_error" : secrets.told(type),
            secrets.toldNullable(body.param()),
            secrets.toldNullable(body.code()));
    return new AttemptFailure(failure, Blame.NOBODY, false, status == 404, 0);
  }
}
