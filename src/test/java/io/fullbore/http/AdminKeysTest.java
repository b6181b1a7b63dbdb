package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.auth.FileKeys;
import io.fullbore.auth.MemoryKeys;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminKeysTest {
  private static KeyedServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new KeyedServer(KeyedServer.ADMIN_KEY);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static HttpResponse<String> create(String body) throws Exception {
    return server.send(server.admin("/admin/keys").POST(BodyPublishers.ofString(body)));
  }

  private static JsonObject error(HttpResponse<String> response, int status) {
    assertEquals(status, response.statusCode(), response.body());
    return new JsonObject(response.body()).getJsonObject("error");
  }

  @Test
  void aKeyIsMadeListedUsedAndRevoked() throws Exception {
    HttpResponse<String> response =
        create(
            """
            {"owner": "Ada", "models": ["tiny"], "tags": ["b", "a"], "expires_at": 1800000000,
             "limits": {"requests_per_minute": 1, "tokens_per_minute": 2, "concurrent_requests": 3,
                        "day_budget_micros": 4, "month_budget_micros": 1000000000000000},
             "user_limits": {"requests_per_minute": 6},
             "cache": {"mode": "all", "shared": true, "tool_calls": true, "knowledge": true},
             "forward": false}
            """);
    assertEquals(201, response.statusCode(), response.body());
    assertEquals("no-store", response.headers().firstValue("Cache-Control").orElse(""));
    JsonObject made = new JsonObject(response.body());
    String secret = (String) made.remove("key");
    assertEquals("api_key", made.remove("object"));
    String id = made.getString("id");
    assertEquals(
        new JsonObject(
            """
            {"id": "%s", "owner": "Ada", "models": ["tiny"], "tags": ["a", "b"],
             "limits": {"requests_per_minute": 1, "tokens_per_minute": 2, "concurrent_requests": 3,
                        "day_budget_micros": 4, "month_budget_micros": 1000000000000000},
             "user_limits": {"requests_per_minute": 6, "tokens_per_minute": 0,
                             "concurrent_requests": 0, "day_budget_micros": 0,
                             "month_budget_micros": 0},
             "cache": {"mode": "all", "shared": true, "tool_calls": true, "knowledge": true},
             "forward": false, "created_at": 1700000000, "expires_at": 1800000000}
            """
                .formatted(id)),
        made);
    assertEquals(id, server.get("/v1/whoami", "X-Api-Key", secret).body());

    String listed = server.send(server.admin("/admin/keys")).body();
    assertTrue(new JsonObject(listed).getJsonArray("data").contains(made), listed);
    assertFalse(listed.contains(secret));
    assertFalse(listed.contains("sha256"));

    String path = "/admin/keys/" + id;
    assertEquals(
        new JsonObject().put("object", "api_key").put("id", id).put("deleted", true),
        new JsonObject(server.send(server.admin(path).DELETE()).body()));
    assertEquals(
        "not_found", error(server.send(server.admin(path).DELETE()), 404).getString("code"));
    assertEquals(401, server.get("/v1/whoami", "X-Api-Key", secret).statusCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      nullValues = "null",
      value = {
        "{                                                          | null            |"
            + " invalid_json",
        "[]                                                         | null            |"
            + " invalid_type",
        "{}                                                         | owner           |"
            + " missing_required_parameter",
        "{\"owner\": \" \"}                                         | owner           |"
            + " invalid_value",
        "{\"owner\": 1}                                             | owner           |"
            + " invalid_type",
        "{\"owner\": \"a\", \"rpm\": 1}                             | rpm             |"
            + " unknown_parameter",
        "{\"owner\": \"a\", \"models\": \"tiny\"}                   | models          |"
            + " invalid_type",
        "{\"owner\": \"a\", \"models\": [\"tiny\", \"\"]}           | models[1]       |"
            + " invalid_value",
        "{\"owner\": \"a\", \"tags\": [1]}                          | tags[0]         |"
            + " invalid_type",
        "{\"owner\": \"a\", \"limits\": {\"rpm\": 1}}               | limits.rpm      |"
            + " unknown_parameter",
        "{\"owner\": \"a\", \"limits\": {\"day_budget_micros\": -1}} | limits.day_budget_micros |"
            + " invalid_value",
        "{\"owner\": \"a\", \"user_limits\": {\"tokens_per_minute\": 1.5}} |"
            + " user_limits.tokens_per_minute | invalid_type",
        "{\"owner\": \"a\", \"cache\": {\"mode\": \"on\"}}          | cache.mode      |"
            + " invalid_value",
        "{\"owner\": \"a\", \"cache\": {\"ttl\": 1}}                | cache.ttl       |"
            + " unknown_parameter",
        "{\"owner\": \"a\", \"forward\": \"no\"}                    | forward         |"
            + " invalid_type",
        "{\"owner\": \"a\", \"expires_at\": 1700000000}             | expires_at      |"
            + " invalid_value",
        "{\"owner\": \"a\", \"expires_at\": \"tomorrow\"}           | expires_at      |"
            + " invalid_type",
        "{\"owner\": \"\\ud800\"}                                   | owner           |"
            + " invalid_value",
      })
  void mistakesAreNamed(String body, String param, String code) throws Exception {
    JsonObject error = error(create(body), 400);
    assertEquals(param, error.getString("param"), error.encode());
    assertEquals(code, error.getString("code"));
  }

  @Test
  void onlyTheAdminKeyOpensTheAdminApi() throws Exception {
    HttpResponse<String> without = server.get("/admin/keys");
    assertTrue(error(without, 401).getString("message").contains("admin key"));
    assertEquals("Bearer", without.headers().firstValue("WWW-Authenticate").orElse(""));
    assertEquals(
        "forbidden",
        error(server.get("/admin/keys", "X-Api-Key", server.newKey()), 403).getString("code"));
    assertEquals(200, server.get("/admin/keys", "X-Api-Key", KeyedServer.ADMIN_KEY).statusCode());
    assertEquals(401, server.get("/v1/whoami", "X-Api-Key", KeyedServer.ADMIN_KEY).statusCode());
  }

  @Test
  void withoutAnAdminKeyTheAdminApiIsOff() throws Exception {
    try (var closed = new KeyedServer(null)) {
      JsonObject error = error(closed.send(closed.admin("/admin/keys")), 404);
      assertTrue(error.getString("message").contains("set auth.adminKey"));
    }
  }

  @Test
  void aKeyThatStandsInAReadOnlyFileIsNotRevoked(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("keys.json");
    Files.writeString(
        file,
        "{\"keys\": [{\"id\": \"team\", \"owner\": \"Ada\", \"sha256\": \"%s\"}]}"
            .formatted("0".repeat(64)));
    try (var both =
        new KeyedServer(
            KeyedServer.ADMIN_KEY, vertx -> List.of(new MemoryKeys(), new FileKeys(vertx, file)))) {
      HttpResponse<String> refused = both.send(both.admin("/admin/keys/team").DELETE());
      assertEquals("read_only", error(refused, 409).getString("code"));
    }
  }

  @Test
  void aFileThatCannotBeWrittenIsSaid(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("missing").resolve("keys.json");
    try (var server =
        new KeyedServer(KeyedServer.ADMIN_KEY, vertx -> List.of(new FileKeys(vertx, file)))) {
      JsonObject error =
          error(
              server.send(
                  server.admin("/admin/keys").POST(BodyPublishers.ofString("{\"owner\":\"a\"}"))),
              503);
      assertTrue(error.getString("message").contains("cannot be changed"), error.encode());
    }
  }
}
