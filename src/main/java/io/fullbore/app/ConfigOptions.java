package io.fullbore.app;

import io.fullbore.config.ConfigException;
import io.fullbore.config.ConfigReader;
import io.fullbore.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that reads the configuration. */
final class ConfigOptions {
  private static final Path DEFAULT_FILE = Path.of("config.json");

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration; config.json in the working directory where there is one.")
  private @Nullable Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides one key, such as engine.maxRunning=8.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  /**
   * @param moreOverrides what other options of the command say, by dotted path
   */
  ServerConfig read(Map<String, String> moreOverrides) throws ConfigException, IOException {
    Map<String, String> all = new LinkedHashMap<>(overrides);
    all.putAll(moreOverrides);
    Path chosen = file != null ? file : Files.exists(DEFAULT_FILE) ? DEFAULT_FILE : null;
    return ConfigReader.ofProcess().read(chosen, all);
  }

  /**
   * The same for a command that needs a model.
   *
   * @param model in place of the configured ones, or null for those; where none is configured it is
   *     the demo model in the jar
   */
  ServerConfig readWithModels(@Nullable Path model, Map<String, String> moreOverrides)
      throws ConfigException, IOException {
    return withModels(read(moreOverrides), model);
  }

  /**
   * The same for the server, which needs no model where it can forward every request: where
   * upstreams are configured and no models, there is the demo model only if an alias names it.
   *
   * @param model in place of the configured ones, or null for those
   */
  ServerConfig readToServe(@Nullable Path model, Map<String, String> moreOverrides)
      throws ConfigException, IOException {
    ServerConfig config = read(moreOverrides);
    boolean forwardsAll = !config.upstreams().isEmpty() && !aliasesNameDemo(config);
    return model == null && forwardsAll ? config : withModels(config, model);
  }

  private static boolean aliasesNameDemo(ServerConfig config) {
    return config.aliases().stream()
        .flatMap(alias -> alias.targets().stream())
        .anyMatch(
            target ->
                !target.isUpstream() && target.model().equals(ModelLocation.DEMO.modelName()));
  }

  private static ServerConfig withModels(ServerConfig config, @Nullable Path model) {
    if (model == null && !config.models().isEmpty()) {
      return config;
    }
    ModelLocation location = model == null ? ModelLocation.DEMO : ModelLocation.of(model);
    return config.withModels(List.of(new ServerConfig.Model(null, location.text(), 0)));
  }
}
