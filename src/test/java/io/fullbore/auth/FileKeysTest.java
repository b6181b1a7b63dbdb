package io.fullbore.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileKeysTest extends KeyStoreContract {
  private static final long REREAD_MS = 10_000;

  @TempDir private Path directory;

  private Path file() {
    return directory.resolve("keys.json");
  }

  @Override
  KeyHome home() {
    return new FileKeys(vertx, file());
  }

  @Test
  void keysOutliveTheProcess() throws Exception {
    KeyStore first = store(home());
    String kept = await(first.create(keptHere("Ada"))).secret();
    IssuedKey gone = await(first.create(KeySpec.unlimited("Bob")));
    await(first.revoke(gone.record().id()));
    KeyStore second = store(home());
    assertEquals(first.list(), second.list());
    assertFalse(second.authenticate(kept).orElseThrow().mayForward());
    assertEquals(Optional.empty(), second.authenticate(gone.secret()));
    try (var files = Files.list(directory)) {
      assertEquals(List.of(file()), files.toList());
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void onlyTheOwnerMayReadTheFile() throws Exception {
    await(store(home()).create(KeySpec.unlimited("Ada")));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void aChangeByHandIsSeen() throws Exception {
    KeyStore store = store(home());
    Files.writeString(
        file(),
        """
        {"keys": [{"id": "team", "owner": "Ada", "sha256": "%s"}]}
        """
            .formatted(KeyDigest.of("sk-old").hex()));
    Eventually.await(() -> store.authenticate("sk-old").isPresent(), REREAD_MS);
    assertTrue(store.authenticate("sk-old").orElseThrow().mayForward());
    Files.writeString(file(), "{\"keys\": []}");
    Eventually.await(() -> store.list().isEmpty(), REREAD_MS);
    assertFalse(store.empty());
  }

  @Test
  void aFileThatBreaksOrVanishesChangesNothing() throws Exception {
    KeyStore store = store(home());
    String secret = await(store.create(KeySpec.unlimited("Ada"))).secret();
    try (var log = new KeyLog(FileKeys.class)) {
      Files.writeString(file(), "{\"keys\": [\n  fb-secret]}");
      Eventually.await(() -> log.lines().size() == 1, REREAD_MS);
      assertEquals(
          "API keys: %s: malformed JSON at line 2 column 6; the keys that were read before stay in force"
              .formatted(file()),
          log.lines().getFirst());
      assertTrue(store.authenticate(secret).isPresent());
      var refused =
          assertThrows(
              KeysUnavailableException.class, () -> await(store.create(KeySpec.unlimited("Bob"))));
      assertTrue(String.valueOf(refused.getMessage()).contains("line 2 column 6"));
      Files.delete(file());
      Eventually.await(() -> log.lines().size() == 2, REREAD_MS);
      assertTrue(store.authenticate(secret).isPresent());
    }
    String second = await(store.create(KeySpec.unlimited("Bob"))).secret();
    KeyStore later = store(home());
    assertTrue(later.authenticate(secret).isPresent());
    assertTrue(later.authenticate(second).isPresent());
  }

  @Test
  void aFileThatIsBrokenFromTheStartLetsNobodyIn() throws Exception {
    Files.writeString(file(), "");
    KeyStore store = store(home());
    assertFalse(store.empty());
    assertEquals(List.of(), store.list());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]                                                     | expected {\"keys\": [...]}",
        "{\"keys\": 1}                                          | expected {\"keys\": [...]}",
        "{\"keys\": [], \"more\": 1}                            | expected {\"keys\": [...]}",
        "{\"keys\": []} x                                       | malformed JSON at line 1",
        "{\"keys\": [1]}                                        | keys[0]: expected an object",
        "{\"keys\": [{\"id\": 1}]}                              | keys[0].id: expected a string",
        "{\"keys\": [{\"id\": \"a\", \"sha256\": \"00\"}]}      | keys[0].sha256: expected the 64",
        "{\"keys\": [{K, \"id\": \"a.b\"}]}                     | keys[0].id: must be",
        "{\"keys\": [{K, \"id\": \"anonymous\"}]}               | keys[0].id: must be",
        "{\"keys\": [{K, \"id\": \"a\", \"limit\": {}}]}        | keys[0]: has a field that",
        "{\"keys\": [{K, \"id\": \"a\", \"limits\": {\"requests_per_minute\": -1}}]}"
            + " | keys[0].limits.requests_per_minute: expected a whole number",
        "{\"keys\": [{K, \"id\": \"a\", \"limits\": {\"tokens_per_minute\": 1e30}}]}"
            + " | keys[0].limits.tokens_per_minute: expected a whole number",
        "{\"keys\": [{K, \"id\": \"a\", \"limits\": {\"rpm\": 1}}]}"
            + " | keys[0].limits: has a field that",
        "{\"keys\": [{K, \"id\": \"a\", \"models\": [\"\"]}]}   | keys[0].models: expected a list",
        "{\"keys\": [{K, \"id\": \"a\", \"cache\": {\"mode\": \"on\"}}]}"
            + " | keys[0].cache.mode: expected off",
        "{\"keys\": [{K, \"id\": \"a\", \"forward\": 0}]}           | keys[0].forward: expected"
            + " true",
        "{\"keys\": [{K, \"id\": \"a\"}, {K, \"id\": \"b\"}]}   | keys[1]: an earlier key",
      })
  void malformedFilesAreRefusedByPlace(String json, String where) throws Exception {
    String key = "\"owner\": \"Ada\", \"sha256\": \"%s\"".formatted(KeyDigest.of("x").hex());
    Files.writeString(file(), json.replace("K", key));
    var refused = assertThrows(MalformedKeyException.class, () -> new KeyFile(file()).read());
    assertTrue(String.valueOf(refused.getMessage()).contains(where), refused.getMessage());
  }

  @Test
  void aFileThatWasChangedMeanwhileIsNotReplaced() throws Exception {
    var file = new KeyFile(file());
    KeyFile.Stamp absent = file.stamp();
    KeyFile.Stamp written = file.replace(absent, List.of());
    assertEquals(file.stamp(), written);
    Files.writeString(file(), "edited by hand");
    assertNull(file.replace(absent, List.of()));
    assertEquals("edited by hand", Files.readString(file()));
    try (var files = Files.list(directory)) {
      assertEquals(List.of(file()), files.toList());
    }
  }

  @Test
  void beforeAnotherHomeTheFileIsOnlyRead() throws Exception {
    IssuedKey inFile = await(store(home()).create(KeySpec.unlimited("Ada")));
    KeyStore both = store(new MemoryKeys(), home());
    assertTrue(both.authenticate(inFile.secret()).isPresent());
    IssuedKey elsewhere = await(both.create(KeySpec.unlimited("Bob")));
    assertEquals(List.of(elsewhere.record(), inFile.record()), both.list());
    assertEquals(Revocation.READ_ONLY, await(both.revoke(inFile.record().id())));
    assertEquals(Revocation.REVOKED, await(both.revoke(elsewhere.record().id())));
    assertTrue(both.authenticate(inFile.secret()).isPresent());
  }
}
