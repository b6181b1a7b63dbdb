package io.fullbore.limits;

import io.fullbore.redis.RedisDownException;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisScript;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the scripts of the limits: those that are asked for an answer, and those that are told
 * something, which wait here while Redis is gone and go with the first calls after it is back.
 *
 * <p>A new connection is taught all scripts before it runs one, so that they run in the order of
 * the calls: a script that Redis has to be taught in between would run after the ones behind it.
 *
 * <p>Bounded: the oldest of {@link #MAX_WAITING} waiting ones is dropped. Confined to the gate's
 * event loop.
 */
final class ScriptRunner {
  private static final Logger LOG = LoggerFactory.getLogger(ScriptRunner.class);
  private static final int MAX_WAITING = 10_000;

  /** Those that waited go so many at a time: more would make the answers behind them late. */
  private static final int MAX_BEING_TOLD = 100;

  private final RedisGate gate;
  private final List<RedisScript> scripts;
  private final ArrayDeque<Telling> waiting = new ArrayDeque<>();
  private int beingTold;
  private boolean taught;
  private boolean complained;

  /** A script with what it is to work on. */
  record Run(RedisScript script, List<String> keys, List<String> arguments) {}

  /**
   * @param run what is told first
   * @param again what is told where it is unknown whether Redis heard the first; null for nothing
   */
  private record Telling(Run run, @Nullable Run again) {}

  ScriptRunner(RedisGate gate, List<RedisScript> scripts) {
    this.gate = gate;
    this.scripts = scripts;
  }

  /**
   * @param undo told to Redis later where it is unknown whether it ran; null for nothing
   * @return empty where Redis cannot answer now; never fails
   */
  Future<Optional<Response>> ask(Run run, @Nullable Run undo) {
    if (!prepare()) {
      return Future.succeededFuture(Optional.empty());
    }
    return eval(run)
        .map(Optional::of)
        .recover(
            cause -> {
              if (undo != null && cause instanceof RedisDownException) {
                keep(new Telling(undo, undo));
              }
              return cause instanceof RedisDownException || cause instanceof ErrorType
                  ? Future.succeededFuture(Optional.empty())
                  : Future.failedFuture(cause);
            });
  }

  /** Runs a script that nobody waits for, now or when Redis is back. */
  void tell(Run run, @Nullable Run again) {
    var telling = new Telling(run, again);
    if (prepare()) {
      send(telling);
    } else {
      keep(telling);
    }
  }

  /**
   * @return whether Redis may be asked
   */
  private boolean prepare() {
    if (!gate.up()) {
      taught = false;
      return false;
    }
    if (!taught) {
      taught = true;
      scripts.forEach(
          script -> gate.send(Request.cmd(Command.SCRIPT).arg("LOAD").arg(script.source())));
    }
    while (gate.up() && beingTold < MAX_BEING_TOLD && !waiting.isEmpty()) {
      send(waiting.remove());
    }
    return true;
  }

  private void send(Telling telling) {
    beingTold++;
    eval(telling.run())
        .onComplete(
            result -> {
              beingTold--;
              Run again = telling.again();
              if (again != null && result.cause() instanceof RedisDownException) {
                keep(new Telling(again, again));
              }
              prepare();
            });
  }

  private void keep(Telling telling) {
    if (waiting.size() == MAX_WAITING) {
      waiting.remove();
    }
    waiting.add(telling);
  }

  /** Complains of Redis's own errors, such as having no memory left, once until it works again. */
  private Future<Response> eval(Run run) {
    return gate.eval(run.script(), run.keys(), run.arguments())
        .onSuccess(ignored -> complained = false)
        .onFailure(
            cause -> {
              if (cause instanceof RedisDownException) {
                taught = false;
              } else if (!complained) {
                complained = true;
                LOG.warn("Redis cannot count for the limits: {}", cause.getMessage());
              }
            });
  }
}
