package io.fullbore.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.fullbore.http.wire.Conversation;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Responses that can be asked for again, and gone on from, by the key that they were made for.
 * Every key has a shelf, from which the response that was not asked for the longest is dropped when
 * it is full; so are shelves where there are too many. Nothing outlives the process. Thread-safe;
 * one per process.
 */
public final class ResponseStore {
  static final int MAX_RESPONSES = 100;
  static final long MAX_SHELF_CHARS = 2 << 20;
  private static final int MAX_SHELVES = 64;

  /** An empty one. */
  public ResponseStore() {}

  /**
   * A response that ended well.
   *
   * @param json as it was answered
   * @param conversation all that was said, the response's own items included
   */
  record Stored(String json, Conversation conversation) {
    private long chars() {
      return json.length() + conversation.chars();
    }
  }

  private final Cache<String, Shelf> shelves =
      Caffeine.newBuilder().maximumSize(MAX_SHELVES).build();

  void put(String keyId, String id, Stored response) {
    shelves.get(keyId, ignored -> new Shelf()).put(id, response);
  }

  /** Null where the key has no such response. */
  @Nullable Stored get(String keyId, String id) {
    Shelf shelf = shelves.getIfPresent(keyId);
    return shelf == null ? null : shelf.get(id);
  }

  /** Whether there was such a response. */
  boolean remove(String keyId, String id) {
    Shelf shelf = shelves.getIfPresent(keyId);
    return shelf != null && shelf.remove(id);
  }

  /** What one key has. */
  private static final class Shelf {
    private static final int FIRST_SIZE = 16;
    private static final float LOAD = 0.75f;

    private final LinkedHashMap<String, Stored> responses =
        new LinkedHashMap<>(FIRST_SIZE, LOAD, true); // in the order of use
    private long chars;

    synchronized void put(String id, Stored response) {
      remove(id);
      responses.put(id, response);
      chars += response.chars();
      while (responses.size() > MAX_RESPONSES || chars > MAX_SHELF_CHARS) {
        remove(responses.firstEntry().getKey());
      }
    }

    synchronized @Nullable Stored get(String id) {
      return responses.get(id);
    }

    synchronized boolean remove(String id) {
      Stored removed = responses.remove(id);
      chars -= removed == null ? 0 : removed.chars();
      return removed != null;
    }
  }
}
