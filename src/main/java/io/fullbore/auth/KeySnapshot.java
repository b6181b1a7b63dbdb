package io.fullbore.auth;

import io.fullbore.core.Caller;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All keys at one moment, made ready for look-up. Immutable, so that any thread may read it.
 *
 * @param complete whether every home could be read so far
 */
record KeySnapshot(Map<KeyDigest, Entry> entries, List<KeyRecord> keys, boolean complete) {
  /** A key in force. */
  record Entry(Caller caller, @Nullable Instant expires) {}

  /** Before anything was read. */
  static final KeySnapshot UNKNOWN = new KeySnapshot(Map.of(), List.of(), false);

  /**
   * @param homes the keys of each, null where they are not known yet; of a key that stands in
   *     several the first one counts
   */
  static KeySnapshot of(List<@Nullable List<KeyRecord>> homes) {
    Map<KeyDigest, Entry> entries = new HashMap<>();
    List<KeyRecord> keys = new ArrayList<>();
    boolean complete = true;
    for (List<KeyRecord> home : homes) {
      if (home == null) {
        complete = false;
        continue;
      }
      for (KeyRecord key : home) {
        var entry = new Entry(key.caller(), key.spec().expires());
        if (entries.putIfAbsent(key.digest(), entry) == null) {
          keys.add(key);
        }
      }
    }
    return new KeySnapshot(Map.copyOf(entries), List.copyOf(keys), complete);
  }
}
