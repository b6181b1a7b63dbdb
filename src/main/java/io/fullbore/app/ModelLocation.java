package io.fullbore.app;

import io.fullbore.model.GgufFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Where a model file is: a path, or {@code builtin:NAME} for one that comes inside the jar.
 *
 * @param text as the user wrote it
 */
record ModelLocation(String text) {
  private static final String BUILTIN = "builtin:";

  /** The model that is served where neither models nor upstreams are configured. */
  static final ModelLocation DEMO = new ModelLocation(BUILTIN + "fullbore-demo");

  static ModelLocation of(Path path) {
    return new ModelLocation(path.toString());
  }

  /** What the model is called unless said otherwise: {@code x} for {@code models/x.gguf}. */
  String modelName() {
    return isBuiltin()
        ? text.substring(BUILTIN.length())
        : Path.of(text).getFileName().toString().replaceFirst("\\.gguf$", "");
  }

  /**
   * Opens the file; the caller closes it.
   *
   * @throws IOException when it is not there or cannot be read
   * @throws io.fullbore.core.ModelFormatException when it is no GGUF file
   */
  GgufFile open() throws IOException {
    if (!isBuiltin()) {
      return GgufFile.open(Path.of(text));
    }
    try (InputStream resource =
        ModelLocation.class.getResourceAsStream("/io/fullbore/demo/" + modelName() + ".gguf")) {
      if (resource == null) {
        throw new NoSuchFileException(text);
      }
      byte[] bytes = resource.readAllBytes();
      MemorySegment offHeap = Arena.ofAuto().allocate(bytes.length, Long.BYTES);
      return GgufFile.of(offHeap.copyFrom(MemorySegment.ofArray(bytes)), text);
    }
  }

  private boolean isBuiltin() {
    return text.startsWith(BUILTIN);
  }

  @Override
  public String toString() {
    return text;
  }
}
