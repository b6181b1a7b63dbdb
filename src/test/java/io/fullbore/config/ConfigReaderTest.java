package io.fullbore.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.ServerConfig.BackendChoice;
import io.fullbore.config.ServerConfig.LogLevel;
import io.fullbore.config.ServerConfig.Model;
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

class ConfigReaderTest {
  @TempDir private Path directory;

  @Test
  void nothingSaidMeansTheDefaults() throws Exception {
    assertEquals(ServerConfig.defaults(), new ConfigReader(Map.of()).read(null, Map.of()));
    assertEquals(ServerConfig.defaults(), read("{}"));
  }

  @Test
  void readsEveryKindOfValue() throws Exception {
    ServerConfig config =
        read(
            """
            {
              "http": {"host": "0.0.0.0", "port": 0, "maxBodyBytes": 4096, "eventLoops": 3},
              "models": [
                {"path": "a b.gguf"},
                {"name": "tiny", "path": "b.gguf", "contextTokens": 2048},
                {"name": null, "path": "c.gguf"}
              ],
              "engine": {"backend": "cpu", "kvCacheBytes": "2GB", "prefixCache": false},
              "log": {"level": "debug"}
            }
            """);
    assertEquals("0.0.0.0", config.http().host());
    assertEquals(0, config.http().port());
    assertEquals(4096, config.http().maxBodyBytes());
    assertEquals(3, config.http().eventLoops());
    assertEquals(
        List.of(
            new Model(null, "a b.gguf", 0),
            new Model("tiny", "b.gguf", 2048),
            new Model(null, "c.gguf", 0)),
        config.models());
    assertEquals(BackendChoice.CPU, config.engine().backend());
    assertEquals(2_000_000_000L, config.engine().kvCacheBytes());
    assertFalse(config.engine().prefixCache());
    assertEquals(LogLevel.DEBUG, config.log().level());
  }

  @Test
  void laterSourcesWin() throws Exception {
    Path file = write("{\"http\": {\"port\": 1, \"host\": \"file\", \"eventLoops\": 1}}");
    ServerConfig config =
        new ConfigReader(Map.of("FULLBORE_HTTP_PORT", "2", "FULLBORE_HTTP_HOST", "env"))
            .read(file, Map.of("http.port", "3"));
    assertEquals(3, config.http().port());
    assertEquals("env", config.http().host());
    assertEquals(1, config.http().eventLoops());
  }

  @Test
  void environmentAndCommandLineReachIntoLists() throws Exception {
    Path file = write("{\"models\": [{\"path\": \"a.gguf\", \"name\": \"a\"}]}");
    ServerConfig config =
        new ConfigReader(
                Map.of(
                    "FULLBORE_MODELS_2_PATH", "c.gguf",
                    "FULLBORE_MODELS_1_CONTEXT_TOKENS", "64",
                    "FULLBORE_MODELS_1_PATH", "b.gguf",
                    "FULLBORE_MODELS_0_NAME", "first"))
            .read(file, Map.of("models[0].contextTokens", "128", "models.3.path", "d.gguf"));
    assertEquals(
        List.of(
            new Model("first", "a.gguf", 128),
            new Model(null, "b.gguf", 64),
            new Model(null, "c.gguf", 0),
            new Model(null, "d.gguf", 0)),
        config.models());
  }

  @Test
  void textSourcesStateEveryKindOfValue() throws Exception {
    ServerConfig config =
        new ConfigReader(
                Map.of(
                    "FULLBORE_ENGINE_PREFIX_CACHE", "false",
                    "FULLBORE_ENGINE_BACKEND", "cpu",
                    "FULLBORE_ENGINE_KV_CACHE_BYTES", "1.5GiB",
                    "FULLBORE_ENGINE_MAX_RUNNING", "8"))
            .read(null, Map.of("log.level", "warn"));
    assertFalse(config.engine().prefixCache());
    assertEquals(BackendChoice.CPU, config.engine().backend());
    assertEquals(3L << 29, config.engine().kvCacheBytes());
    assertEquals(8, config.engine().maxRunning());
    assertEquals(LogLevel.WARN, config.log().level());
  }

  @Test
  void leavesOtherVariablesAndTheLaunchersAlone() throws Exception {
    Map<String, String> environment =
        Map.of(
            "PATH",
            "/bin",
            "FULLBORE_JAVA_HOME",
            "/jdk",
            "FULLBORE_JAVA_OPTS",
            "-Xmx1g",
            "FULLBORE_CUDA_DRIVER",
            "/lib/libcuda.so.1");
    assertEquals(ServerConfig.defaults(), new ConfigReader(environment).read(null, Map.of()));
  }

  @Test
  void reportsEveryMistakeOfEverySourceAtOnce() throws Exception {
    Path file =
        write(
            """
            {
              "http": {"port": 70000, "hots": "x"},
              "models": [{"pth": "a.gguf"}],
              "engine": {"blockTokens": 24, "prefixCache": "yes"},
              "log": []
            }
            """);
    var exception =
        assertThrows(
            ConfigException.class,
            () ->
                new ConfigReader(
                        Map.of("FULLBORE_ENGINE_THREADS", "many", "FULLBORE_HTP_PORT", "1"))
                    .read(file, Map.of("batch.timeoutMs", "-1", "batch.size", "1")));
    String at = " (" + file + " line ";
    assertEquals(
        List.of(
            "$.http.port"
                + at
                + "2 column 20): found 70000, allowed: a whole number from 0 to 65535",
            "$.http.hots" + at + "2 column 35): unknown key; did you mean \"host\"?",
            "$.models[0].pth" + at + "3 column 22): unknown key; did you mean \"path\"?",
            "$.engine.blockTokens"
                + at
                + "4 column 29): found 24, allowed: a power of two from 1 to 256",
            "$.engine.prefixCache" + at + "4 column 48): found \"yes\", allowed: true or false",
            "$.log" + at + "5 column 10): found a list, allowed: an object with the keys level",
            "$.models[0].path" + at + "3 column 14): missing, required: a text that is not empty"),
        exception.problems().stream()
            .filter(problem -> problem.source().startsWith(file.toString()))
            .map(Problem::toString)
            .toList());
    List<String> others =
        exception.problems().stream()
            .filter(problem -> !problem.source().startsWith(file.toString()))
            .map(Problem::toString)
            .sorted()
            .toList();
    assertEquals(
        List.of(
            "$ (--set batch.size): unknown key, see the reference of the configuration",
            "$ (environment variable FULLBORE_HTP_PORT): unknown variable; did you mean"
                + " \"FULLBORE_HTTP_PORT\"?",
            "$.batch.timeoutMs (--set batch.timeoutMs): found \"-1\", allowed: a whole number from"
                + " 0 to 60000",
            "$.engine.threads (environment variable FULLBORE_ENGINE_THREADS): found \"many\","
                + " allowed: a whole number from 0 to 4096"),
        others);
    assertTrue(exception.getMessage().startsWith("The configuration has 11 mistakes:\n  $.http"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"http\": {\"port\": \"80\"}}     | $.http.port",
        "{\"http\": {\"port\": 80.5}}       | $.http.port",
        "{\"http\": {\"port\": null}}       | $.http.port",
        "{\"http\": {\"port\": true}}       | $.http.port",
        "{\"http\": {\"port\": -1}}         | $.http.port",
        "{\"http\": {\"port\": 1e400}}      | $.http.port",
        "{\"http\": {\"port\": 99999999999999999999999}} | $.http.port",
        "{\"http\": {\"host\": \"\"}}       | $.http.host",
        "{\"http\": {\"host\": 1}}          | $.http.host",
        "{\"http\": {\"maxBodyBytes\": 1}}  | $.http.maxBodyBytes",
        "{\"http\": {\"maxBodyBytes\": \"2GiB\"}} | $.http.maxBodyBytes",
        "{\"http\": {\"maxBodyBytes\": \"8M\"}}   | $.http.maxBodyBytes",
        "{\"http\": 1}                      | $.http",
        "{\"models\": {}}                   | $.models",
        "{\"models\": [1]}                  | $.models[0]",
        "{\"models\": [{}]}                 | $.models[0].path",
        "{\"models\": [{\"path\": null}]}   | $.models[0].path",
        "{\"engine\": {\"backend\": \"CPU\"}} | $.engine.backend",
        "{\"log\": {\"level\": \"loud\"}}   | $.log.level",
        "{\"a b\": 1}                       | $[\"a b\"]",
        "{\"port\": 1}                      | $.port",
        "{\"http\": {}, \"http\": {}}       | $.http",
        "[]                                 | $",
        "null                               | $",
      })
  void namesThePathOfAWrongValue(String json, String path) throws IOException {
    Path file = write(json);
    var exception = assertThrows(ConfigException.class, () -> read(file));
    assertEquals(
        List.of(path),
        exception.problems().stream().map(Problem::path).toList(),
        exception.getMessage());
    assertTrue(exception.getMessage().contains(" line 1 column "), exception.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"http\"",
        "{\"http\": {\"port\": 1}",
        "{\"http\": }",
        "{\"a\": 1,}",
        "{} {}",
        "{'a': 1}",
        "{\"a\": 01}",
        "{\"a\": NaN}",
        "{\"a\": tru}",
        "{\"a\": \"\u0001\"}",
        "// no\n{}",
        "{} /* no */",
      })
  void saysWhereJsonIsMalformed(String json) throws IOException {
    Path file = write(json);
    var exception = assertThrows(ConfigException.class, () -> read(file));
    assertEquals("$", exception.problems().getFirst().path());
    assertTrue(
        exception.problems().getFirst().source().matches(".* line [12] column \\d+"),
        exception.getMessage());
  }

  @Test
  void survivesAbsurdFiles() throws IOException {
    assertThrows(ConfigException.class, () -> read(write("")));
    assertThrows(ConfigException.class, () -> read(write("[".repeat(100_000))));
    assertThrows(ConfigException.class, () -> read(write("{\"http\":".repeat(5_000))));
    assertThrows(ConfigException.class, () -> read(write("1".repeat(100_000))));
    Path bytes = Files.write(directory.resolve("bytes"), new byte[] {(byte) 0xff, (byte) 0xc0, 0});
    assertThrows(ConfigException.class, () -> read(bytes));
    assertThrows(ConfigException.class, () -> read(directory));
    var missing = assertThrows(ConfigException.class, () -> read(directory.resolve("none.json")));
    assertEquals("no such file", missing.problems().getFirst().message());
  }

  @Test
  void aMalformedFileStillLetsTheOtherSourcesBeChecked() throws IOException {
    Path file = write("{");
    var exception =
        assertThrows(
            ConfigException.class,
            () ->
                new ConfigReader(
                        Map.of("FULLBORE_MODELS_3_NAME", "d", "FULLBORE_HTTP_PORT", "none"))
                    .read(file, Map.of()));
    assertEquals(
        List.of("$", "$.http.port"), exception.problems().stream().map(Problem::path).toList());
  }

  @Test
  void aWrongValueIsAMistakeEvenWhereItIsOverridden() throws IOException {
    Path file = write("{\"http\": {\"port\": \"x\"}}");
    assertThrows(
        ConfigException.class,
        () -> new ConfigReader(Map.of()).read(file, Map.of("http.port", "1")));
  }

  @Test
  void twoModelsCannotShareAName() throws IOException {
    Path file =
        write(
            """
            {
              "http": {"port": -1},
              "models": [{"name": "a", "path": "1"}, {"name": "a", "path": "2"}]
            }
            """);
    var exception = assertThrows(ConfigException.class, () -> read(file));
    assertEquals(
        List.of("$.http.port", "$.models[1].name"),
        exception.problems().stream().map(Problem::path).toList());
    assertTrue(exception.getMessage().contains("name=a"), exception.getMessage());
  }

  @Test
  void listIndexesLeaveNoGap() {
    var exception =
        assertThrows(
            ConfigException.class,
            () ->
                new ConfigReader(Map.of("FULLBORE_MODELS_1_PATH", "b.gguf")).read(null, Map.of()));
    assertEquals("$.models[1]", exception.problems().getFirst().path());
    assertTrue(exception.getMessage().contains("FULLBORE_MODELS_1_PATH"), exception.getMessage());
  }

  @Test
  void anElementMadeByTheEnvironmentMustBeWhole() {
    var exception =
        assertThrows(
            ConfigException.class,
            () -> new ConfigReader(Map.of("FULLBORE_MODELS_0_NAME", "a")).read(null, Map.of()));
    assertEquals(
        List.of(
            new Problem(
                "$.models[0].path",
                "environment variable FULLBORE_MODELS_0_NAME",
                "missing, required: a text that is not empty")),
        exception.problems());
  }

  @ParameterizedTest
  @CsvSource({
    "FULLBORE_PORT, FULLBORE_HTTP_PORT",
    "FULLBORE_MODELS_0_PTH, FULLBORE_MODELS_N_PATH",
    "FULLBORE_MODELS_01_PATH, FULLBORE_MODELS_N_PATH",
    "FULLBORE_http_port, FULLBORE_HTTP_PORT",
    "FULLBORE_HTTP, ''",
    "FULLBORE_, ''",
    "FULLBORE_MODELS_99999999999_PATH, FULLBORE_MODELS_N_PATH"
  })
  void unknownVariablesAreMistakes(String name, String meant) {
    var exception =
        assertThrows(
            ConfigException.class,
            () -> new ConfigReader(Map.of(name, "s3cret")).read(null, Map.of()));
    assertEquals(1, exception.problems().size());
    assertFalse(exception.getMessage().contains("s3cret"));
    assertEquals(
        !meant.isEmpty(),
        exception.getMessage().contains("did you mean \"" + meant + "\"?"),
        exception.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "http", "http.", "http..port", "HTTP.PORT", "models[].path", "$"})
  void unknownOverridesAreMistakes(String name) {
    var exception =
        assertThrows(
            ConfigException.class, () -> new ConfigReader(Map.of()).read(null, Map.of(name, "1")));
    assertTrue(exception.getMessage().contains("--set " + name), exception.getMessage());
  }

  private ServerConfig read(String json) throws IOException, ConfigException {
    return read(write(json));
  }

  private static ServerConfig read(Path file) throws ConfigException {
    return new ConfigReader(Map.of()).read(file, Map.of());
  }

  private Path write(String json) throws IOException {
    return Files.writeString(directory.resolve("config.json"), json);
  }
}
