package io.fullbore.config;

/**
 * One mistake in the configuration.
 *
 * @param path where it belongs in the tree, such as {@code $.models[0].path}
 * @param source who said it: a line and column of the file, an environment variable, a command-line
 *     override
 * @param message what was found and what is allowed
 */
public record Problem(String path, String source, String message) {
  @Override
  public String toString() {
    return "%s (%s): %s".formatted(path, source, message);
  }
}
