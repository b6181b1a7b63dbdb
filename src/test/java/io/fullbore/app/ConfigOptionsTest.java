package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.config.ServerConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which models a command gets. */
class ConfigOptionsTest {
  private static final String DEMO = "builtin:fullbore-demo";
  private static final Map<String, String> UPSTREAM =
      Map.of(
          "upstreams.0.name", "far",
          "upstreams.0.baseUrl", "http://127.0.0.1:1",
          "upstreams.0.models.0.name", "fullbore-demo");

  private final ConfigOptions options = new ConfigOptions();

  private static Map<String, String> with(Map<String, String> settings) {
    var all = new HashMap<>(UPSTREAM);
    all.putAll(settings);
    return all;
  }

  private static Map<String, String> aliasTo(String upstream, String model) {
    return with(
        Map.of(
            "aliases.0.name", "chat",
            "aliases.0.targets.0.upstream", "far",
            "aliases.0.targets.0.model", "fullbore-demo",
            "aliases.0.targets.1.upstream", upstream,
            "aliases.0.targets.1.model", model));
  }

  private static List<String> paths(ServerConfig config) {
    return config.models().stream().map(ServerConfig.Model::path).toList();
  }

  @Test
  void theServerHasTheDemoModelWhereNothingIsConfigured() throws Exception {
    assertEquals(List.of(DEMO), paths(options.readToServe(null, Map.of())));
  }

  @Test
  void theServerNeedsNoModelWhereItForwards() throws Exception {
    assertEquals(List.of(), paths(options.readToServe(null, UPSTREAM)));
    assertEquals(List.of(), paths(options.readToServe(null, aliasTo("far", "fullbore-demo"))));
    assertEquals(List.of(), paths(options.readToServe(null, aliasTo("local", "another"))));
  }

  @Test
  void anAliasBringsTheDemoModel() throws Exception {
    assertEquals(
        List.of(DEMO), paths(options.readToServe(null, aliasTo("local", "fullbore-demo"))));
  }

  @Test
  void configuredModelsAreServedBesideUpstreams() throws Exception {
    Map<String, String> configured = with(Map.of("models.0.path", "a.gguf"));
    assertEquals(List.of("a.gguf"), paths(options.readToServe(null, configured)));
    assertEquals(List.of("b.gguf"), paths(options.readToServe(Path.of("b.gguf"), configured)));
    assertEquals(List.of("b.gguf"), paths(options.readToServe(Path.of("b.gguf"), UPSTREAM)));
  }

  @Test
  void otherCommandsNeedAModelAllTheSame() throws Exception {
    assertEquals(List.of(DEMO), paths(options.readWithModels(null, UPSTREAM)));
    assertEquals(List.of("b.gguf"), paths(options.readWithModels(Path.of("b.gguf"), UPSTREAM)));
  }
}
