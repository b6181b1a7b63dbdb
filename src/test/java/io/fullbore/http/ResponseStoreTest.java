package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fullbore.http.wire.Conversation;
import org.junit.jupiter.api.Test;

/** What is kept of responses, and for whom. */
class ResponseStoreTest {
  private final ResponseStore store = new ResponseStore();

  private static ResponseStore.Stored response(int chars) {
    return new ResponseStore.Stored(
        "x".repeat(chars), new Conversation(JsonNodeFactory.instance.arrayNode(), 0));
  }

  @Test
  void aKeySeesItsOwnResponsesOnly() {
    store.put("ada", "r", response(5));
    assertEquals(5, store.get("ada", "r").json().length());
    assertNull(store.get("bob", "r"));
    assertFalse(store.remove("bob", "r"));
    assertTrue(store.remove("ada", "r"));
    assertNull(store.get("ada", "r"));
  }

  @Test
  void theOneThatWasNotAskedForTheLongestIsDropped() {
    for (int i = 0; i < ResponseStore.MAX_RESPONSES; i++) {
      store.put("ada", "r" + i, response(1));
    }
    assertNotNull(store.get("ada", "r0"));
    store.put("ada", "new", response(1));
    assertNotNull(store.get("ada", "r0"));
    assertNull(store.get("ada", "r1"));
    assertNotNull(store.get("ada", "r2"));
  }

  @Test
  void aShelfHoldsSoManyCharacters() {
    int half = (int) (ResponseStore.MAX_SHELF_CHARS / 2);
    store.put("ada", "a", response(half));
    store.put("ada", "a", response(half));
    assertTrue(store.get("ada", "a") != null);
    store.put("ada", "b", response(half + 1));
    assertTrue(store.get("ada", "a") == null);
    assertTrue(store.get("ada", "b") != null);
    store.put("ada", "c", response(2 * half + 1));
    assertTrue(store.get("ada", "b") == null);
    assertTrue(store.get("ada", "c") == null);
  }
}
