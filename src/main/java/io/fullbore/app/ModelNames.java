package io.fullbore.app;

import java.nio.file.Path;

/** What a model is called when the configuration does not say. */
final class ModelNames {
  private ModelNames() {}

  /** The file's name without its ending: {@code x} for {@code models/x.gguf}. */
  static String of(Path path) {
    return path.getFileName().toString().replaceFirst("\\.gguf$", "");
  }
}
