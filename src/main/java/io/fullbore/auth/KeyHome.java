package io.fullbore.auth;

import io.vertx.core.Future;
import java.util.List;
import java.util.function.Consumer;

/**
 * Where keys are kept. Every home says all its keys anew whenever it sees that they have changed,
 * also where somebody else changed them. Confined to the event loop of its {@link KeyStore}, which
 * alone calls it.
 */
public sealed interface KeyHome permits MemoryKeys, FileKeys, RedisKeys {
  /**
   * Names the one worker that reads keys: behind the prompts that the common workers tokenize, a
   * revoked key would stay in force for longer than promised.
   */
  String WORKER = "keys";

  /**
   * Begins to look after its keys.
   *
   * @param publish gets all keys, immutable
   * @return completes after the first look, also where that found nothing that can be read
   */
  Future<Void> start(Consumer<List<KeyRecord>> publish);

  /** Keeps one more; published when it completes. Fails with {@link KeysUnavailableException}. */
  Future<Void> add(KeyRecord key);

  /**
   * Forgets one; published when it completes. Fails with {@link KeysUnavailableException}.
   *
   * @return whether it was there
   */
  Future<Boolean> remove(String id);

  /**
   * Whether its keys are known to have been changed ever, also before this process; asked whenever
   * it has published. False where no trace of it would be left.
   */
  default boolean everChanged() {
    return false;
  }

  /** Looks no more. */
  Future<Void> close();
}
