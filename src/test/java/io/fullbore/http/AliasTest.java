package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.config.ServerConfig;
import io.fullbore.redis.RedisServer;
import io.fullbore.serving.ServedModel;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A name that several local models serve, of which the second listed is asked first. */
@Timeout(60)
class AliasTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String BODY =
      """
      {"model":"pair","messages":[{"role":"user","content":"Hi"}],"temperature":0,"logprobs":true}\
      """;

  private static ApiServer server(ServedModel loud, Map<String, String> more) throws Exception {
    var settings = new HashMap<String, String>();
    settings.put("aliases.0.name", "pair");
    settings.put("aliases.0.policy", "local_only");
    settings.put("aliases.0.targets.0.model", TestModel.NAME);
    settings.put("aliases.0.targets.0.priority", "1");
    settings.put("aliases.0.targets.1.model", TestModel.LOUD);
    settings.putAll(more);
    ServerConfig config = ApiServer.config(settings);
    var models = new TreeMap<>(TestModel.models());
    models.put(TestModel.LOUD, loud);
    var server = new ApiServer(UnaryOperator.identity(), config, models);
    server.engine.answer("ab");
    return server;
  }

  private static String cache(HttpResponse<String> response) {
    return response.headers().firstValue("X-Cache").orElse("none");
  }

  @Test
  void anAnswerIsSpelledInTheTokensOfTheModelThatGaveIt() throws Exception {
    try (ApiServer server = server(TestModel.loud("digest-of-loud"), Map.of())) {
      for (String source : new String[] {"MISS", "HIT-L1"}) {
        HttpResponse<String> response = server.post(CHAT, BODY);
        assertEquals(source, cache(response));
        assertEquals(TestModel.LOUD, response.headers().firstValue("X-Served-Model").orElse(""));
        JsonObject choice =
            new JsonObject(response.body()).getJsonArray("choices").getJsonObject(0);
        assertEquals("AB", choice.getJsonObject("message").getString("content"));
        JsonObject token =
            choice.getJsonObject("logprobs").getJsonArray("content").getJsonObject(0);
        assertEquals("A", token.getString("token"));
      }
    }
  }

  @Test
  void aNewVersionOfAnyOfTheModelsGetsNoOldAnswer() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      Map<String, String> shared = Map.of("redis.url", redis.url(), "redis.timeoutMs", "1000");
      try (ApiServer here = server(TestModel.loud("old"), shared);
          ApiServer same = server(TestModel.loud("old"), shared);
          ApiServer newer = server(TestModel.loud("new"), shared)) {
        assertEquals("MISS", cache(here.post(CHAT, BODY)));
        while (!cache(same.post(CHAT, BODY)).equals("HIT-L1")) {
          Thread.onSpinWait(); // until what was found is known here
        }
        assertEquals("MISS", cache(newer.post(CHAT, BODY)));
      }
    }
  }
}
