package io.fullbore.config;

import java.nio.file.Path;
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
    return draft.build(ServerConfig.SECTION);
  }
}
