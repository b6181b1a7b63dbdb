package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CorsTest {
  private static KeyedServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new KeyedServer(null);
    server.newKey();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static HttpResponse<String> preflight(String origin) throws Exception {
    return server.send(
        server
            .request("/v1/whoami")
            .method("OPTIONS", BodyPublishers.noBody())
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,x-session-id"));
  }

  @Test
  void aPreflightNeedsNoKey() throws Exception {
    HttpResponse<String> response = preflight(KeyedServer.ORIGIN);
    assertEquals(204, response.statusCode());
    assertEquals(KeyedServer.ORIGIN, header(response, "Access-Control-Allow-Origin"));
    assertTrue(header(response, "Access-Control-Allow-Methods").contains("POST"));
    assertTrue(header(response, "Access-Control-Allow-Headers").contains("Authorization"));
    assertTrue(header(response, "Access-Control-Allow-Headers").contains("X-Session-Id"));
  }

  @Test
  void thePageMayReadRefusalsAndLimits() throws Exception {
    HttpResponse<String> response = server.get("/v1/whoami", "Origin", KeyedServer.ORIGIN);
    assertEquals(401, response.statusCode());
    assertEquals(KeyedServer.ORIGIN, header(response, "Access-Control-Allow-Origin"));
    assertTrue(
        header(response, "Access-Control-Expose-Headers").contains("x-ratelimit-remaining-tokens"));
  }

  @Test
  void otherOriginsAreRefused() throws Exception {
    HttpResponse<String> response = preflight("https://evil.example.com");
    assertEquals(403, response.statusCode());
    assertEquals(
        "origin_not_allowed",
        new JsonObject(response.body()).getJsonObject("error").getString("code"));
    assertEquals("", header(response, "Access-Control-Allow-Origin"));
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", ",", "chat.example.com", "ftp//x"})
  void whatIsNoOriginIsRefused(String origins) {
    assertThrows(IllegalArgumentException.class, () -> Cors.from(origins));
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "https://a.example, https://b.example:8443", "*,https://a.example"})
  void originsAreRead(String origins) {
    Cors.from(origins);
  }
}
