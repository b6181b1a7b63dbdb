package io.fullbore.auth;

import io.fullbore.core.Caller;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The API keys of this process.
 *
 * <pre>
 *   homes --publish--> one loop --swaps--> snapshot <--read-- any thread
 *   create, revoke --> the loop --> the first home
 * </pre>
 *
 * <p>Every request asks {@link #authenticate}, which never waits: it reads the newest snapshot,
 * which stays in force for as long as a home cannot be read. The first home takes new keys; the
 * others are only read. Thread-safe; each returned future completes on its caller's context.
 */
public final class KeyStore {
  private final Vertx vertx;
  private final List<KeyHome> homes;
  private final InstantSource clock;
  private final Context loop;

  /** Keys of each home, null until they are known; touched on the loop only. */
  private final List<@Nullable List<KeyRecord>> published;

  /** Whether there ever was a key; never unset. */
  private volatile boolean everHeldKeys;

  private volatile KeySnapshot snapshot = KeySnapshot.UNKNOWN;

  /**
   * @param homes at least one; new keys go to the first
   */
  public KeyStore(Vertx vertx, List<KeyHome> homes, InstantSource clock) {
    if (homes.isEmpty()) {
      throw new IllegalArgumentException("keys need a home");
    }
    this.vertx = vertx;
    this.homes = List.copyOf(homes);
    this.clock = clock;
    this.loop = vertx.getOrCreateContext();
    this.published = new ArrayList<>(Collections.nCopies(homes.size(), null));
  }

  /**
   * Call once, before the first request.
   *
   * @return completes after the first look at every home; never fails: what cannot be read lets
   *     nobody in until it can
   */
  public Future<Void> start() {
    return onLoop(
        () -> {
          List<Future<Void>> started = new ArrayList<>();
          for (int i = 0; i < homes.size(); i++) {
            int home = i;
            started.add(homes.get(i).start(keys -> publish(home, keys)));
          }
          return Future.join(started).mapEmpty();
        });
  }

  private void publish(int home, List<KeyRecord> keys) {
    published.set(home, keys);
    if (!keys.isEmpty() || homes.get(home).everChanged()) {
      everHeldKeys = true;
    }
    snapshot = KeySnapshot.of(published);
  }

  /**
   * Whether there never was a key, for certain. Once there was one this stays false, so that a
   * server which was closed to strangers is not opened again by revoking its last key, or by a
   * Redis that has lost them all.
   */
  public boolean empty() {
    return snapshot.complete() && !everHeldKeys;
  }

  /**
   * @return empty where the key is not known, is revoked or has expired
   */
  public Optional<Caller> authenticate(String presented) {
    KeySnapshot.Entry entry = snapshot.entries().get(KeyDigest.of(presented));
    if (entry == null) {
      return Optional.empty();
    }
    Instant expires = entry.expires();
    return expires == null || clock.instant().isBefore(expires)
        ? Optional.of(entry.caller())
        : Optional.empty();
  }

  /** All keys, those of the first home before the others. */
  public List<KeyRecord> list() {
    return snapshot.keys();
  }

  /**
   * Makes a key that holds here at once and on other nodes within a second. Fails with {@link
   * KeysUnavailableException}.
   */
  public Future<IssuedKey> create(KeySpec spec) {
    String secret = Secrets.secret();
    var key =
        new KeyRecord(
            Secrets.id(),
            KeyDigest.of(secret),
            spec,
            clock.instant().truncatedTo(ChronoUnit.SECONDS));
    return onLoop(() -> homes.getFirst().add(key)).map(ignored -> new IssuedKey(secret, key));
  }

  /**
   * Ends a key here at once and on other nodes within a second. Fails with {@link
   * KeysUnavailableException}.
   */
  public Future<Revocation> revoke(String id) {
    return onLoop(
        () -> {
          if (isReadOnly(id)) {
            return Future.succeededFuture(Revocation.READ_ONLY);
          }
          return homes
              .getFirst()
              .remove(id)
              .map(removed -> removed ? Revocation.REVOKED : Revocation.UNKNOWN);
        });
  }

  private boolean isReadOnly(String id) {
    for (List<KeyRecord> keys : published.subList(1, published.size())) {
      if (keys != null && keys.stream().anyMatch(key -> key.id().equals(id))) {
        return true;
      }
    }
    return false;
  }

  /** Looks after the homes no more; the last snapshot stays. */
  public Future<Void> close() {
    return onLoop(() -> Future.join(homes.stream().map(KeyHome::close).toList()).mapEmpty());
  }

  private <T> Future<T> onLoop(Supplier<Future<T>> action) {
    Context caller = vertx.getOrCreateContext();
    Promise<T> done = Promise.promise();
    loop.runOnContext(
        ignored ->
            Future.succeededFuture()
                .compose(now -> action.get())
                .onComplete(
                    (value, cause) ->
                        caller.runOnContext(alsoIgnored -> done.complete(value, cause))));
    return done.future();
  }
}
