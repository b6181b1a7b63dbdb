package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.auth.KeySpec;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticatorTest {
  private static void assertRefused(HttpResponse<String> response, String says) {
    assertEquals(401, response.statusCode(), response.body());
    assertEquals("Bearer", response.headers().firstValue("WWW-Authenticate").orElse(""));
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals("invalid_api_key", error.getString("code"));
    assertTrue(error.getString("message").contains(says), error.getString("message"));
  }

  @Test
  void withoutAnyKeyOnlyThisMachineMayCall() throws Exception {
    try (var server = new KeyedServer(null)) {
      assertEquals("anonymous", server.get("/v1/whoami").body());
      assertEquals(
          "anonymous", server.get("/v1/whoami", "Authorization", "Bearer sk-whatever").body());
      assertRefused(server.get("/v1/whoami", "X-Forwarded-For", "192.0.2.1"), "no API keys yet");
      assertRefused(server.get("/v1/whoami", "X-Real-IP", "192.0.2.1"), "no API keys yet");
      assertRefused(server.get("/v1/whoami", "Forwarded", "for=192.0.2.1"), "no API keys yet");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true",
    "127.1.2.3, true",
    "::1, true",
    "0:0:0:0:0:0:0:1, true",
    "::ffff:127.0.0.1, true",
    "192.0.2.1, false",
    "0.0.0.0, false",
    "2001:db8::1, false",
    ", false"
  })
  void onlyLoopbackAddressesAreThisMachine(String address, boolean loopback) {
    assertEquals(loopback, Authenticator.isLoopback(address));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Authorization: Bearer ", "Authorization: bearer  ", "X-Api-Key: ", "api-key: "})
  void aKeyIsTakenInEveryForm(String form) throws Exception {
    try (var server = new KeyedServer(null)) {
      String[] header = (form + server.newKey()).split(": ", 2);
      assertEquals(server.keys.list().getFirst().id(), server.get("/v1/whoami", header).body());
    }
  }

  @Test
  void onceThereIsAKeyNobodyCallsWithout() throws Exception {
    try (var server = new KeyedServer(null)) {
      String key = server.newKey();
      assertRefused(server.get("/v1/whoami"), "did not provide");
      assertRefused(server.get("/v1/whoami", "Authorization", "Basic " + key), "did not provide");
      assertRefused(server.get("/v1/whoami", "Authorization", "Bearer "), "did not provide");
      HttpResponse<String> wrong = server.get("/v1/whoami", "X-Api-Key", "fb-wrong-one");
      assertRefused(wrong, "Incorrect API key");
      assertFalse(wrong.body().contains("fb-wrong-one"));
      assertEquals(
          200,
          server.get("/v1/whoami", "Authorization", "Basic YTpi", "X-Api-Key", key).statusCode());
    }
  }

  @Test
  void aKeyForSomeModelsMayNotUseOthers() throws Exception {
    try (var server = new KeyedServer(null)) {
      var spec =
          new KeySpec(
              "Ada",
              Set.of("small", "large"),
              Allowance.UNLIMITED,
              Allowance.UNLIMITED,
              CachePolicy.DEFAULT,
              true,
              Set.of(),
              null);
      String key = server.keys.create(spec).await(10, TimeUnit.SECONDS).secret();
      assertEquals(404, server.get("/v1/whoami?model=small", "api-key", key).statusCode());
      HttpResponse<String> refused = server.get("/v1/whoami?model=tiny", "api-key", key);
      assertEquals(403, refused.statusCode());
      assertTrue(
          refused.body().contains("may not use the model 'tiny'. It may use: large, small."),
          refused.body());
      assertEquals(
          "{\"object\":\"list\",\"data\":[]}", server.get("/v1/models", "api-key", key).body());
      assertEquals(403, server.get("/v1/models/tiny", "api-key", key).statusCode());

      String other = server.newKey();
      assertEquals(200, server.get("/v1/whoami?model=tiny", "api-key", other).statusCode());
      assertTrue(server.get("/v1/models", "api-key", other).body().contains("\"tiny\""));
      assertEquals(200, server.get("/v1/models/tiny", "api-key", other).statusCode());
    }
  }
}
