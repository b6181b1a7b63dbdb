package io.fullbore.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration and reports every mistake at once.
 *
 * <p>Sources in rising priority: the defaults of the schema; the file; environment variables, which
 * are the path of a key in upper snake case ({@code FULLBORE_HTTP_PORT}, {@code
 * FULLBORE_MODELS_0_PATH}); overrides of the command line ({@code http.port=9000}). A wrong value
 * is a mistake even where a source of higher priority overrides it.
 */
public final class ConfigReader {
  private final Map<String, String> environment;

  /**
   * @param environment all variables of the process; those that do not begin with {@code FULLBORE_}
   *     are left alone
   */
  public ConfigReader(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** Reads the environment of this process. */
  public static ConfigReader ofProcess() {
    return new ConfigReader(System.getenv());
  }

  /**
   * @param file null for no file
   * @param overrides dotted paths to values, such as {@code models.0.path} to {@code a.gguf}
   * @throws ConfigException listing every mistake of every source
   */
  public ServerConfig read(@Nullable Path file, Map<String, String> overrides)
      throws ConfigException {
    Draft draft = new Draft();
    if (file != null) {
      JsonFile.read(file, ServerConfig.SECTION, draft);
    }
    TextSource.readEnvironment(environment, draft);
    TextSource.readOverrides(overrides, draft);
    return withKeys(draft.build(ServerConfig.SECTION));
  }

  /** Finds the keys of upstreams in the variables that they name. */
  private ServerConfig withKeys(ServerConfig config) throws ConfigException {
    List<UpstreamConfig.Upstream> upstreams = new ArrayList<>();
    List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < config.upstreams().size(); i++) {
      UpstreamConfig.Upstream upstream = config.upstreams().get(i);
      String variable = upstream.keyEnv();
      try {
        upstreams.add(variable == null ? upstream : withKey(upstream, variable));
      } catch (IllegalArgumentException e) {
        problems.add(
            new Problem(
                "$.upstreams[%d].keyEnv".formatted(i),
                "environment variable " + variable,
                String.valueOf(e.getMessage())));
      }
    }
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    return config.withUpstreams(upstreams);
  }

  /**
   * @throws IllegalArgumentException where the variable holds no key, or there is another key
   */
  private UpstreamConfig.Upstream withKey(UpstreamConfig.Upstream upstream, String variable) {
    String key = environment.getOrDefault(variable, "").strip();
    if (key.isEmpty()) {
      throw new IllegalArgumentException(
          "not set or blank, but it is to hold the key of upstream " + upstream.name());
    }
    if (upstream.apiKey() != null) {
      throw new IllegalArgumentException(
          "upstreams: name=%s has an apiKey as well; keep one of the two"
              .formatted(upstream.name()));
    }
    return upstream.withApiKey(key);
  }
}
