package io.fullbore.app;

import io.fullbore.model.GgufFile;
import java.nio.file.Path;

/** What a model is called when the configuration does not say. */
final class ModelNames {
  private ModelNames() {}

  /** The name that the file gives itself, or else the file's own name. */
  static String of(GgufFile file, Path path) {
    return file.metadata()
        .string("general.name")
        .filter(name -> !name.isBlank())
        .orElseGet(() -> path.getFileName().toString().replaceFirst("\\.gguf$", ""));
  }
}
