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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the scripts of the limits: those that are asked for an answer, and those that are told
 * something, which wait here while Redis is gone and go as soon as it is back.
 *
 * <p>A new connection is taught all scripts before it runs one, so that they run in the order of
 * the calls: a script that Redis has to be taught in between would run after the ones behind it. In
 * a cluster that holds for the node only that happens to be taught; any other one is taught by the
 * first call that needs it, which may then run after calls behind it. No call relies on another one
 * that has not been answered.
 *
 * <p>What Redis refuses to be told for the time being waits as well, and is tried again every 200
 * ms. Bounded: the oldest of {@link #MAX_WAITING} waiting ones is dropped. Confined to the gate's
 * event loop.
 */
final class ScriptRunner {
  private static final Logger LOG = LoggerFactory.getLogger(ScriptRunner.class);
  private static final int MAX_WAITING = 10_000;

  /** Those that waited go so many at a time: more would make the answers behind them late. */
  private static final int MAX_BEING_TOLD = 100;

  /** Errors that pass, after which the same script may run; before Redis 7 within another one. */
  private static final Pattern PASSING =
      Pattern.compile(
          "(^|-)(MISCONF|OOM|NOREPLICAS|BUSY|TRYAGAIN|READONLY|LOADING|MASTERDOWN|CLUSTERDOWN)\\b");

  private final RedisGate gate;
  private final List<RedisScript> scripts;
  private final ArrayDeque<Telling> waiting = new ArrayDeque<>();
  private int beingTold;
  private int droppedCount;
  private boolean pausing;
  private boolean complained;

  /** A script with what it is to work on. */
  record Run(RedisScript script, List<String> keys, List<String> arguments) {}

  /**
   * @param run what is told first
   * @param again what is told where it is unknown whether Redis heard the first; null for nothing
   */
  private record Telling(Run run, @Nullable Run again) {}

  /**
   * @param gate not started
   */
  ScriptRunner(RedisGate gate, List<RedisScript> scripts) {
    this.gate = gate;
    this.scripts = scripts;
    gate.onUp(this::up);
  }

  /**
   * @param undo told to Redis later where it is unknown whether it ran; null for nothing
   * @return empty where Redis cannot answer now; never fails
   */
  Future<Optional<Response>> ask(Run run, @Nullable Run undo) {
    if (!gate.up()) {
      return Future.succeededFuture(Optional.empty());
    }
    return eval(run)
        .map(Optional::of)
        .otherwise(
            cause -> {
              if (undo != null
                  && cause instanceof RedisDownException down
                  && !down.certainlyNotRun()) {
                keep(new Telling(undo, undo));
              }
              return Optional.empty();
            });
  }

  /** Runs a script that nobody waits for, now or when Redis is back. */
  void tell(Run run, @Nullable Run again) {
    var telling = new Telling(run, again);
    if (gate.up()) {
      send(telling);
    } else {
      keep(telling);
    }
  }

  private void up() {
    scripts.forEach(
        script -> gate.send(Request.cmd(Command.SCRIPT).arg("LOAD").arg(script.source())));
    flush();
  }

  private void flush() {
    while (gate.up() && !pausing && beingTold < MAX_BEING_TOLD && !waiting.isEmpty()) {
      send(waiting.remove());
    }
    if (droppedCount > 0 && waiting.isEmpty()) {
      LOG.warn(
          "Redis was gone for too long: dropped={} of what ended meanwhile is not counted",
          droppedCount);
      droppedCount = 0;
    }
  }

  private void send(Telling telling) {
    beingTold++;
    eval(telling.run())
        .onComplete(
            result -> {
              beingTold--;
              if (result.failed()) {
                failed(telling, result.cause());
              }
              flush();
            });
  }

  private void failed(Telling telling, Throwable cause) {
    Run again = telling.again();
    if (cause instanceof ErrorType error) {
      if (PASSING.matcher(String.valueOf(error.getMessage())).find()) {
        keep(telling);
        pause();
      }
    } else if (cause instanceof RedisDownException down && down.certainlyNotRun()) {
      keep(telling);
    } else if (again != null) {
      keep(new Telling(again, again));
    }
  }

  /** Redis answers, but refuses: trying again at once would only keep it busy. */
  private void pause() {
    if (!pausing) {
      pausing = true;
      gate.later(
          () -> {
            pausing = false;
            flush();
          });
    }
  }

  private void keep(Telling telling) {
    if (waiting.size() == MAX_WAITING) {
      waiting.remove();
      droppedCount++;
    }
    waiting.add(telling);
  }

  /** Complains of Redis's own errors, such as having no memory left, once until it works again. */
  private Future<Response> eval(Run run) {
    return gate.eval(run.script(), run.keys(), run.arguments())
        .onSuccess(ignored -> complained = false)
        .onFailure(
            cause -> {
              if (!(cause instanceof RedisDownException) && !complained) {
                complained = true;
                LOG.warn("Redis cannot count for the limits: {}", cause.getMessage());
              }
            });
  }
}
