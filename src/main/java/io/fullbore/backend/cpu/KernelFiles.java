package io.fullbore.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The files of compiled kernels of one platform. */
interface KernelFiles {
  boolean has(String name);

  /**
   * Loads a library for as long as the process runs.
   *
   * @throws IOException when it cannot be read, or nothing may be executed where it was put
   */
  SymbolLookup load(String name) throws IOException;

  /**
   * The files in the jar, in a folder beside this class. A library is copied to a private file,
   * which is deleted as soon as it is loaded.
   *
   * @param platform the folder: system and processor, such as linux-amd64
   */
  record InJar(String platform) implements KernelFiles {
    @Override
    public boolean has(String name) {
      return KernelFiles.class.getResource(platform + "/" + name) != null;
    }

    @Override
    @SuppressWarnings("restricted")
    public SymbolLookup load(String name) throws IOException {
      Path folder = Files.createTempDirectory("fullbore"); // this user's alone
      Path file = folder.resolve(name);
      try (InputStream bytes = open(name)) {
        if (bytes == null) {
          throw new IOException("file=%s is not in the jar".formatted(name));
        }
        Files.copy(bytes, file);
        return SymbolLookup.libraryLookup(file, Arena.global());
      } catch (IllegalArgumentException e) {
        throw new IOException(
            "file=%s cannot be loaded; java.io.tmpdir must allow programs".formatted(file), e);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    }

    private @Nullable InputStream open(String name) {
      return KernelFiles.class.getResourceAsStream(platform + "/" + name);
    }
  }
}
