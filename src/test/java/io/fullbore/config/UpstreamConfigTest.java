package io.fullbore.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.GatewayConfig.Price;
import io.fullbore.config.UpstreamConfig.Alias;
import io.fullbore.config.UpstreamConfig.Dialect;
import io.fullbore.config.UpstreamConfig.Header;
import io.fullbore.config.UpstreamConfig.Policy;
import io.fullbore.config.UpstreamConfig.Target;
import io.fullbore.config.UpstreamConfig.Upstream;
import io.fullbore.config.UpstreamConfig.UpstreamModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UpstreamConfigTest {
  private static final String OPENAI =
      """
      "name": "openai", "baseUrl": "https://api.openai.com/v1"
      """
          .strip();

  @TempDir private Path directory;

  private ServerConfig read(String json, Map<String, String> environment, Map<String, String> set)
      throws IOException, ConfigException {
    Path file = Files.writeString(directory.resolve("config.json"), json);
    return new ConfigReader(environment).read(file, set);
  }

  private ServerConfig read(String json) throws IOException, ConfigException {
    return read(json, Map.of(), Map.of());
  }

  private List<Problem> problems(String json, Map<String, String> environment) {
    return assertThrows(ConfigException.class, () -> read(json, environment, Map.of())).problems();
  }

  @Test
  void aFileStatesEverything() throws Exception {
    ServerConfig config =
        read(
            """
            {
              "upstreams": [
                {
                  "name": "azure", "dialect": "azure", "baseUrl": "https://eu.example.com/openai/",
                  "apiKey": "sk-1", "apiVersion": "2024-10-21",
                  "headers": [{"name": "X-Team", "value": "blue team"}],
                  "models": [
                    {"name": "a"},
                    {
                      "name": "b", "maxAnswerTokens": 100,
                      "promptMicrosPerMillion": 1, "answerMicrosPerMillion": 2
                    }
                  ],
                  "maxConcurrent": 1, "maxQueued": 2, "queueTimeoutMs": 3, "requestsPerMinute": 4,
                  "tokensPerMinute": 5, "connectTimeoutMs": 6, "firstTokenTimeoutMs": 7,
                  "idleTimeoutMs": 8, "maxRetries": 9, "hedge": true
                },
                {"name": "plain", "baseUrl": "http://127.0.0.1:9000/v1"}
              ],
              "aliases": [
                {
                  "name": "chat", "policy": "cheapest", "spillAfterMs": 20,
                  "targets": [
                    {"model": "tiny"},
                    {"upstream": "azure", "model": "b", "weight": 3, "priority": 1}
                  ]
                }
              ]
            }
            """);
    Upstream azure =
        new Upstream(
            "azure",
            Dialect.AZURE,
            "https://eu.example.com/openai",
            "sk-1",
            null,
            "2024-10-21",
            List.of(new Header("X-Team", "blue team")),
            List.of(new UpstreamModel("a", 4_096, 0, 0), new UpstreamModel("b", 100, 1, 2)),
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            true);
    assertEquals(List.of(azure, plain()), config.upstreams());
    assertEquals(
        List.of(
            new Alias(
                "chat",
                Policy.CHEAPEST,
                20,
                List.of(new Target(Target.LOCAL, "tiny", 1, 0), new Target("azure", "b", 3, 1)))),
        config.aliases());
  }

  /** With every default. */
  private static Upstream plain() {
    return new Upstream(
        "plain",
        Dialect.OPENAI,
        "http://127.0.0.1:9000/v1",
        null,
        null,
        null,
        List.of(),
        List.of(),
        64,
        128,
        5_000,
        0,
        0,
        3_000,
        60_000,
        30_000,
        2,
        false);
  }

  @Test
  void environmentAndCommandLineReachIntoListsOfLists() throws Exception {
    ServerConfig config =
        read(
            "{\"upstreams\": [{%s, \"models\": [{\"name\": \"a\"}]}]}".formatted(OPENAI),
            Map.of(
                "FULLBORE_UPSTREAMS_0_MODELS_1_NAME", "b",
                "FULLBORE_UPSTREAMS_0_MODELS_0_MAX_ANSWER_TOKENS", "7",
                "FULLBORE_UPSTREAMS_1_NAME", "other",
                "FULLBORE_UPSTREAMS_1_BASE_URL", "http://other",
                "FULLBORE_UPSTREAMS_1_HEADERS_0_NAME", "X-Team",
                "FULLBORE_UPSTREAMS_1_HEADERS_0_VALUE", "red"),
            Map.of(
                "upstreams.1.models.0.name", "c",
                "upstreams[0].models[1].answerMicrosPerMillion", "9",
                "aliases.0.name", "chat",
                "aliases.0.policy", "upstream_only",
                "aliases.0.targets.0.upstream", "other",
                "aliases.0.targets.0.model", "c",
                "aliases.0.targets.1.model", "tiny"));
    assertEquals(
        List.of(new UpstreamModel("a", 7, 0, 0), new UpstreamModel("b", 4_096, 0, 9)),
        config.upstreams().getFirst().models());
    Upstream other = config.upstreams().get(1);
    assertEquals("http://other", other.baseUrl());
    assertEquals(List.of(new Header("X-Team", "red")), other.headers());
    assertEquals(List.of(new UpstreamModel("c", 4_096, 0, 0)), other.models());
    assertEquals(
        List.of(
            new Alias(
                "chat",
                Policy.UPSTREAM_ONLY,
                500,
                List.of(new Target("other", "c", 1, 0), new Target(Target.LOCAL, "tiny", 1, 0)))),
        config.aliases());
  }

  @Test
  void keysComeFromTheVariablesThatAreNamed() throws Exception {
    ServerConfig config =
        read(
            "{\"upstreams\": [{%s, \"keyEnv\": \"OPENAI_API_KEY\"}]}".formatted(OPENAI),
            Map.of("OPENAI_API_KEY", "sk-from-env\n"),
            Map.of("upstreams.1.name", "plain", "upstreams.1.baseUrl", "http://127.0.0.1:9000/v1"));
    assertEquals("sk-from-env", config.upstreams().getFirst().apiKey());
    assertNull(config.upstreams().get(1).apiKey());
  }

  @Test
  void everyMissingKeyIsNamed() {
    String json =
        """
        {"upstreams": [
          {"name": "a", "baseUrl": "http://a", "keyEnv": "KEY_A"},
          {"name": "b", "baseUrl": "http://b", "keyEnv": "KEY_B"},
          {"name": "c", "baseUrl": "http://c", "keyEnv": "KEY_C"},
          {"name": "d", "baseUrl": "http://d", "keyEnv": "KEY_D"},
          {"name": "e", "baseUrl": "http://e", "keyEnv": "KEY_E", "apiKey": "sk-secret"}]}
        """;
    Map<String, String> environment =
        Map.of("KEY_B", "sk-b", "KEY_C", " ", "KEY_D", "sk secret", "KEY_E", "sk-e");
    assertEquals(
        List.of(
            "$.upstreams[0].keyEnv (environment variable KEY_A): not set or blank, but it is to"
                + " hold the key of upstream a",
            "$.upstreams[2].keyEnv (environment variable KEY_C): not set or blank, but it is to"
                + " hold the key of upstream c",
            "$.upstreams[3].keyEnv (environment variable KEY_D): upstreams: name=d has an apiKey"
                + " with characters that no key has",
            "$.upstreams[4].keyEnv (environment variable KEY_E): upstreams: name=e has an apiKey"
                + " as well; keep one of the two"),
        problems(json, environment).stream().map(Problem::toString).toList());
  }

  @Test
  void secretsAreNotShown() throws Exception {
    String json =
        """
        {"upstreams": [
          {"name": "a", "baseUrl": "http://a", "apiKey": "sk-secret",
           "headers": [{"name": "X-Token", "value": "tok-secret"}]},
          {"name": "b", "baseUrl": "http://b", "keyEnv": "KEY_B"}]}
        """;
    ServerConfig config = read(json, Map.of("KEY_B", "sk-secret"), Map.of());
    assertEquals("sk-secret", config.upstreams().get(1).apiKey());
    assertFalse(config.toString().contains("secret"), config.toString());
    assertTrue(config.toString().contains("apiKey=(set)"), config.toString());
    Header header = config.upstreams().getFirst().headers().getFirst();
    assertEquals("Header[name=X-Token]", header.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\": \"a/b\", \"baseUrl\": \"http://a\"} | name | name=a/b must be",
        "{\"name\": \"local\", \"baseUrl\": \"http://a\"} | name | and not 'local'",
        "{\"name\": \"a\", \"baseUrl\": \"ftp://a\"} | baseUrl | name=a needs a baseUrl such as",
        "{\"name\": \"a\", \"baseUrl\": \"https:///v1\"} | baseUrl | name=a needs a baseUrl",
        "{\"name\": \"a\", \"baseUrl\": \"http://a:0\"} | baseUrl | name=a needs a baseUrl",
        "{\"name\": \"a\", \"baseUrl\": \"http://a:65536\"} | baseUrl | name=a needs a baseUrl",
        "{\"name\": \"a\", \"baseUrl\": \"http://u:secret@a\"} | baseUrl | without user",
        "{\"name\": \"a\", \"baseUrl\": \"http://a/?q=secret\"} | baseUrl | without user, query",
        "{\"name\": \"a\", \"baseUrl\": \"http://a/%zz\"} | baseUrl | name=a needs a baseUrl",
        "{O, \"apiKey\": \"sk-secret\\n\"} | apiKey | name=openai has an apiKey with characters",
        "{O, \"keyEnv\": \"sk-secret\"} | keyEnv | name=openai needs the name of an environment",
        "{O, \"keyEnv\": \"FULLBORE_KEY\"} | keyEnv | not beginning with FULLBORE_",
        "{O, \"dialect\": \"azure\"} | apiVersion | name=openai is of Azure and needs an"
            + " apiVersion",
        "{O, \"apiVersion\": \"1&x=2\"} | apiVersion | apiVersion=1&x=2 must be letters",
        "{O, \"models\": [{\"name\": \"m\"}, {\"name\": \"m\"}]} | models[1].name | name=m is"
            + " there",
        "{O, \"models\": [{}]} | models[0].name | missing, required",
        "{O, \"models\": [{\"name\": \"m\", \"maxAnswerTokens\": 0}]} | models[0].maxAnswerTokens |"
            + " found 0",
        "{O, \"headers\": [{\"name\": \"a b\", \"value\": \"v\"}]} | headers[0].name | name=a b",
        "{O, \"headers\": [{\"name\": \"Content-Length\", \"value\": \"1\"}]} | headers[0].name |"
            + " none of connection, content-length, transfer-encoding",
        "{O, \"headers\": [{\"name\": \"X\", \"value\": \"secret\\r"
            + "\\n"
            + "Y: 1\"}]} | headers[0].value | name=X has a value with characters",
        "{O, \"dialect\": \"OPENAI\"} | dialect | allowed: \"openai\", \"azure\", \"anthropic\"",
        "{O, \"maxConcurrent\": 0} | maxConcurrent | found 0, allowed: a whole number from 1",
      })
  void aWrongUpstreamIsNamedWithItsPath(String upstream, String field, String message) {
    String json = "{\"upstreams\": [%s]}".formatted(upstream.replace("O,", OPENAI + ","));
    onlyProblem(json, "$.upstreams[0]." + field, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{\"name\": \"a\"}] | [0].targets | name=a has no target that its policy local_first"
            + " allows",
        "[{\"name\": \"a\", \"policy\": \"local_only\", \"targets\": [U]}] | [0].targets |"
            + " policy local_only",
        "[{\"name\": \"a\", \"policy\": \"upstream_only\", \"targets\": [L]}] | [0].targets |"
            + " policy upstream_only",
        "[{\"name\": \"a\", \"targets\": [L, {\"upstream\": \"opnai\", \"model\": \"m\"}]}] |"
            + " [0].targets[1].upstream | upstream=opnai, but there is no such upstream",
        "[{\"name\": \"a\", \"targets\": [L, {\"upstream\": \"openai\", \"model\": \"n\"}]}] |"
            + " [0].targets[1].model | model=n, but that upstream lists no such model",
        "[{\"name\": \"a\", \"targets\": [L]}, {\"name\": \"a\", \"targets\": [L]}] | [1].name |"
            + " name=a is there twice",
        "[{\"name\": \"a\", \"targets\": [{\"upstream\": \"openai\"}]}] | [0].targets[0].model |"
            + " missing, required",
        "[{\"name\": \"a\", \"targets\": [{\"model\": \"m\", \"weight\": 0}]}] |"
            + " [0].targets[0].weight | found 0",
      })
  void aWrongAliasIsNamedWithItsPath(String aliases, String place, String message) {
    String json =
        "{\"upstreams\": [{%s, \"models\": [{\"name\": \"m\"}]}], \"aliases\": %s}"
            .formatted(
                OPENAI,
                aliases
                    .replace("U]", "{\"upstream\": \"openai\", \"model\": \"m\"}]")
                    .replace("[L", "[{\"model\": \"tiny\"}"));
    onlyProblem(json, "$.aliases" + place, message);
  }

  private void onlyProblem(String json, String path, String message) {
    List<Problem> problems = problems(json, Map.of());
    assertEquals(List.of(path), problems.stream().map(Problem::path).toList(), problems::toString);
    Problem problem = problems.getFirst();
    assertTrue(problem.message().contains(message), problem::message);
    assertTrue(problem.source().contains(" line 1 column "), problem::source);
    assertFalse(problem.toString().contains("secret"), problem::toString);
  }

  @Test
  void twoUpstreamsCannotShareAName() {
    onlyProblem(
        "{\"upstreams\": [{%s}, {%s}]}".formatted(OPENAI, OPENAI),
        "$.upstreams[1].name",
        "name=openai is there twice");
  }

  @Test
  void aMistakeIsBlamedOnTheSourceThatMadeIt() {
    List<Problem> problems =
        problems(
            "{\"upstreams\": [{%s}]}".formatted(OPENAI),
            Map.of("FULLBORE_UPSTREAMS_0_BASE_URL", "none"));
    assertEquals("$.upstreams[0].baseUrl", problems.getFirst().path());
    assertEquals(
        "environment variable FULLBORE_UPSTREAMS_0_BASE_URL", problems.getFirst().source());
  }

  @Test
  void aWrongUpstreamIsNotMissedByItsAliases() {
    String json =
        """
        {"upstreams": [{"name": "a", "baseUrl": "none", "models": [{"name": "m"}]}],
         "aliases": [{"name": "chat", "targets": [{"upstream": "a", "model": "m"}]},
                     {"name": "far", "targets": [{"upstream": "a", "model": 1}]}]}
        """;
    assertEquals(
        List.of("$.aliases[1].targets[0].model", "$.upstreams[0].baseUrl"),
        problems(json, Map.of()).stream().map(Problem::path).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost:8000",
        "https://my_service.internal/v1",
        "http://[::1]:8000/v1",
        "https://eu.example.com/a%20b/v1"
      })
  void anAddressMayBeAnyHostWithAPath(String url) throws Exception {
    String json = "{\"upstreams\": [{\"name\": \"a\", \"baseUrl\": \"%s\"}]}";
    assertEquals(url, read(json.formatted(url)).upstreams().getFirst().baseUrl());
    assertEquals(url, read(json.formatted(url + "/")).upstreams().getFirst().baseUrl());
    String absurd = "/%20".repeat(20_000);
    assertEquals(url + absurd, read(json.formatted(url + absurd)).upstreams().getFirst().baseUrl());
  }

  @Test
  void constructorsCheckTheSameRanges() {
    assertThrows(IllegalArgumentException.class, () -> new Header("X", " "));
    assertThrows(IllegalArgumentException.class, () -> new UpstreamModel("m", 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new UpstreamModel("m", 1, -1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Target("a", "m", 0, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Alias("a", Policy.UPSTREAM_ONLY, 0, List.of(new Target("local", "m", 1, 0))));
    assertTrue(new Target("a", "m", 1, 0).isUpstream());
    assertFalse(new Target(Target.LOCAL, "m", 1, 0).isUpstream());
  }

  @Test
  void modelsOfUpstreamsHavePricesUnderTheirFullNames() throws Exception {
    ServerConfig config =
        read(
            """
            {"upstreams": [
               {"name": "openai", "baseUrl": "https://api.openai.com/v1", "models": [
                 {"name": "gpt", "promptMicrosPerMillion": 1, "answerMicrosPerMillion": 2},
                 {"name": "org/gpt", "promptMicrosPerMillion": 3}]}],
             "prices": [{"model": "openai/gpt", "promptMicrosPerMillion": 5}, {"model": "tiny"}]}
            """);
    assertEquals(
        List.of(
            new Price("openai/gpt", 1, 2),
            new Price("openai/org/gpt", 3, 0),
            new Price("openai/gpt", 5, 0),
            new Price("tiny", 0, 0)),
        config.allPrices());
  }
}
