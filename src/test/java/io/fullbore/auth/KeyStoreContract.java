package io.fullbore.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.fullbore.core.Caller;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds wherever keys are kept. */
@Timeout(30)
abstract class KeyStoreContract {
  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);

  final Vertx vertx = Vertx.vertx();
  private final List<KeyStore> stores = new ArrayList<>();
  volatile Instant now = NOW;

  /** Another view of the same keys, as of a process that starts later or of another node. */
  abstract KeyHome home() throws Exception;

  final KeyStore store(KeyHome... homes) throws Exception {
    var store = new KeyStore(vertx, List.of(homes), (InstantSource) () -> now);
    stores.add(store);
    await(store.start());
    return store;
  }

  static <T> T await(Future<T> future) throws Exception {
    return future.await(20, TimeUnit.SECONDS);
  }

  /** No limits, but never to be sent to an upstream. */
  static KeySpec keptHere(String owner) {
    KeySpec plain = KeySpec.unlimited(owner);
    return new KeySpec(
        owner,
        plain.models(),
        plain.key(),
        plain.user(),
        plain.cache(),
        false,
        plain.tags(),
        plain.expires());
  }

  @AfterEach
  void closeAll() throws Exception {
    for (KeyStore store : stores) {
      await(store.close());
    }
    await(vertx.close());
  }

  @Test
  void startsEmptyAndRefusesEverything() throws Exception {
    KeyStore store = store(home());
    assertTrue(store.empty());
    assertEquals(Optional.empty(), store.authenticate("fb-anything"));
    assertEquals(Optional.empty(), store.authenticate(""));
    assertEquals(Revocation.UNKNOWN, await(store.revoke("key-of-nobody")));
  }

  @Test
  void aKeySaysWhoCallsUntilItIsRevoked() throws Exception {
    KeyStore store = store(home());
    var spec =
        new KeySpec(
            "Ada",
            Set.of("tiny"),
            new Allowance(1, 2, 3, 4, 5),
            new Allowance(6, 7, 8, 9, 10),
            new CachePolicy(CachePolicy.Mode.ALL, true, true, true),
            false,
            Set.of("blue"),
            null);
    IssuedKey issued = await(store.create(spec));
    assertTrue(issued.secret().matches("fb-[0-9A-Za-z]{32}"), "unlike a key");
    String id = issued.record().id();
    Caller caller = store.authenticate(issued.secret()).orElseThrow();
    assertEquals(
        new Caller(
            id, "Ada", spec.models(), spec.key(), spec.user(), spec.cache(), false, spec.tags()),
        caller);
    assertFalse(store.empty());
    assertEquals(List.of(issued.record()), store.list());
    assertEquals(Optional.empty(), store.authenticate(issued.secret() + "x"));
    KeyStore later = store(home());

    IssuedKey other = await(store.create(KeySpec.unlimited("Bob")));
    assertEquals(Revocation.REVOKED, await(store.revoke(id)));
    assertEquals(Revocation.UNKNOWN, await(store.revoke(id)));
    assertEquals(Optional.empty(), store.authenticate(issued.secret()));
    assertTrue(store.authenticate(other.secret()).isPresent());
  }

  @Test
  void anExpiredKeyIsRefusedAndStillCounts() throws Exception {
    KeyStore store = store(home());
    KeySpec plain = KeySpec.unlimited("Ada");
    var spec =
        new KeySpec(
            "Ada",
            plain.models(),
            plain.key(),
            plain.user(),
            plain.cache(),
            plain.mayForward(),
            plain.tags(),
            NOW.plusSeconds(60));
    String secret = await(store.create(spec)).secret();
    now = NOW.plusSeconds(59);
    assertTrue(store.authenticate(secret).isPresent());
    now = NOW.plusSeconds(60);
    assertEquals(Optional.empty(), store.authenticate(secret));
    assertFalse(store.empty());
  }

  @Test
  void nothingThatIsShownHoldsTheSecretOrItsDigest() throws Exception {
    KeyStore store = store(home());
    IssuedKey issued = await(store.create(KeySpec.unlimited("Ada")));
    String shown =
        "%s %s %s %s"
            .formatted(
                issued,
                store.list(),
                store.authenticate(issued.secret()),
                KeyJson.describe(issued.record()));
    assertFalse(shown.contains(issued.secret()));
    assertFalse(shown.contains(issued.record().digest().hex()));
    assertFalse(KeyJson.stored(issued.record()).toString().contains(issued.secret()));
  }

  @Test
  void onceItHadAKeyItIsNeverEmptyAgain() throws Exception {
    KeyStore store = store(home());
    IssuedKey only = await(store.create(KeySpec.unlimited("Ada")));
    await(store.revoke(only.record().id()));
    assertEquals(List.of(), store.list());
    assertFalse(store.empty());
  }
}
