package io.fullbore.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fullbore.redis.RedisDownException;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisScript;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that all nodes share through Redis.
 *
 * <pre>
 *   {fullbore:keys}          hash: id -> {@link KeyJson}
 *   {fullbore:keys}:version  counts the changes; asked for every 400 ms
 * </pre>
 *
 * <p>A writer changes both by one script, for which they share a hash slot; a reader asks for the
 * version, then for the hash. So no change is ever half done, and nobody takes old keys for those
 * of a new version. While Redis is gone the last keys stay in force; what it holds is read anew
 * when it is back, since it may have lost its data and count from 0 again, and every 30 s whatever
 * the version says, since somebody may have edited the hash by hand.
 */
public final class RedisKeys implements KeyHome {
  private static final Logger LOG = LoggerFactory.getLogger(RedisKeys.class);
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final String KEYS = "{fullbore:keys}";
  private static final String VERSION = "{fullbore:keys}:version";
  private static final long LOOK_MS = 400;

  /** 30 s. */
  private static final int LOOKS_PER_LOAD = 75;

  /**
   * KEYS are the hash and the version; ARGV is an id and, unless the key is to be removed, its
   * JSON. Answers whether anything has changed, and the version.
   */
  private static final RedisScript CHANGE =
      RedisScript.of(
          """
          local changed = 1
          if ARGV[2] then
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
          else
            changed = redis.call('HDEL', KEYS[1], ARGV[1])
          end
          local version = changed == 1 and redis.call('INCR', KEYS[2])
              or redis.call('GET', KEYS[2]) or ''
          return {changed, version}
          """);

  private final Vertx vertx;
  private final WorkerExecutor worker;
  private final RedisGate gate;
  private final int looksPerLoad;
  private int looksSinceLoad;
  private Consumer<List<KeyRecord>> publish = ignored -> {};
  private @Nullable String seenVersion;
  private boolean everChanged;
  private boolean complained;
  private long lookTimer;
  private boolean closed;

  /**
   * @param gate not started, and of this object's own: its timeout must leave Redis the time to
   *     list all keys
   */
  public RedisKeys(Vertx vertx, RedisGate gate) {
    this(vertx, gate, LOOKS_PER_LOAD);
  }

  /**
   * @param looksPerLoad so many times the version is looked at until all keys are read anyway
   */
  RedisKeys(Vertx vertx, RedisGate gate, int looksPerLoad) {
    this.vertx = vertx;
    this.worker = vertx.createSharedWorkerExecutor(WORKER, 1);
    this.gate = gate;
    this.looksPerLoad = looksPerLoad;
  }

  @Override
  public Future<Void> start(Consumer<List<KeyRecord>> to) {
    publish = to;
    return gate.start().compose(ignored -> look());
  }

  /** Never fails. */
  private Future<Void> look() {
    return gate.send(Request.cmd(Command.GET).arg(VERSION))
        .map(RedisKeys::text)
        .compose(
            version ->
                version.equals(seenVersion) && ++looksSinceLoad < looksPerLoad
                    ? Future.<Void>succeededFuture()
                    : load(version))
        .onComplete(ignored -> complained = false, this::failed)
        .onComplete(ignored -> lookLater())
        .otherwiseEmpty();
  }

  /** Says once what went wrong, unless it is only that Redis is gone: its gate says so. */
  private void failed(Throwable cause) {
    seenVersion = null;
    if (!complained && !closed && !(cause instanceof RedisDownException)) {
      complained = true;
      LOG.error(
          "API keys: Redis does not tell them; those that were read before stay in force", cause);
    }
  }

  private void lookLater() {
    if (!closed) {
      lookTimer = vertx.setTimer(LOOK_MS, ignored -> look());
    }
  }

  /** Thousands of keys are parsed on the worker, which takes the loads one by one. */
  private Future<Void> load(String version) {
    return gate.send(Request.cmd(Command.HGETALL).arg(KEYS))
        .compose(hash -> worker.executeBlocking(() -> records(hash)))
        .map(
            keys -> {
              seenVersion = version;
              looksSinceLoad = 0;
              everChanged |= !version.isEmpty();
              publish.accept(keys);
              return null;
            });
  }

  private static String text(@Nullable Response response) {
    return response == null ? "" : response.toString();
  }

  /** One malformed key does not lock the others out. */
  private static List<KeyRecord> records(Response hash) {
    List<KeyRecord> keys = new ArrayList<>(hash.size());
    for (String id : hash.getKeys()) {
      String place = "Redis hash %s field %s".formatted(KEYS, id);
      try {
        KeyRecord key = KeyJson.read(MAPPER.readTree(hash.get(id).toString()), place);
        if (!key.id().equals(id)) {
          throw new MalformedKeyException(place, "holds a key with another id");
        }
        keys.add(key);
      } catch (MalformedKeyException e) {
        LOG.error("API keys: {}; this key is refused", e.getMessage());
      } catch (JsonProcessingException e) {
        LOG.error("API keys: {}: malformed JSON; this key is refused", place);
      }
    }
    return List.copyOf(keys);
  }

  @Override
  public Future<Void> add(KeyRecord key) {
    return change(List.of(key.id(), KeyJson.stored(key).toString())).mapEmpty();
  }

  @Override
  public Future<Boolean> remove(String id) {
    return change(List.of(id));
  }

  /**
   * Loads also where nothing was changed: an earlier try may have been, unheard.
   *
   * @return whether there was anything to change
   */
  private Future<Boolean> change(List<String> arguments) {
    return gate.eval(CHANGE, List.of(KEYS, VERSION), arguments)
        .compose(
            answer -> load(answer.get(1).toString()).map(loaded -> answer.get(0).toInteger() > 0))
        .recover(RedisKeys::unavailable);
  }

  private static Future<Boolean> unavailable(Throwable cause) {
    return Future.failedFuture(
        new KeysUnavailableException(
            cause instanceof RedisDownException
                ? "Redis, which holds the keys, cannot be asked now; try again when it is back."
                : "Redis refused to change the keys: " + cause.getMessage()));
  }

  @Override
  public boolean everChanged() {
    return everChanged;
  }

  @Override
  public Future<Void> close() {
    closed = true;
    vertx.cancelTimer(lookTimer);
    return gate.close().eventually(worker::close);
  }
}
