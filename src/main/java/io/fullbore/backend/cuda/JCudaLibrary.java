package io.fullbore.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's native library, which needs the driver's to have been loaded before.
 *
 * <p>JCuda would copy it to a fixed name in the temporary folder, and trust what another user or a
 * process that is just starting has put there. So for the moment of loading JCuda sees a private
 * folder as the temporary one.
 */
final class JCudaLibrary {
  private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

  private JCudaLibrary() {}

  /**
   * Loads it, the first time.
   *
   * @return why it cannot be loaded, for people, or nothing
   */
  static synchronized Optional<String> load() {
    if (!hasNativePart()) {
      return Optional.of(
          "JCuda has no native library for "
              + System.getProperty("os.name").toLowerCase(Locale.ROOT)
              + "-"
              + System.getProperty("os.arch"));
    }
    try {
      loadFromPrivateFolder();
      JCudaDriver.setExceptionsEnabled(false);
      return Optional.empty();
    } catch (IOException | LinkageError e) {
      return Optional.of(
          "JCuda's native library cannot be loaded; %s=%s must allow programs: %s"
              .formatted(TEMPORARY_FOLDER, System.getProperty(TEMPORARY_FOLDER), firstLine(e)));
    }
  }

  private static boolean hasNativePart() {
    try {
      String name = LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get());
      return JCudaLibrary.class.getResource("/lib/" + LibUtils.createLibraryFileName(name)) != null;
    } catch (RuntimeException e) { // an operating system or a processor that JCuda does not know
      return false;
    }
  }

  private static void loadFromPrivateFolder() throws IOException {
    Path folder = Files.createTempDirectory("fullbore"); // this user's alone
    String before = System.setProperty(TEMPORARY_FOLDER, folder.toString());
    try {
      Class.forName(JCudaDriver.class.getName());
    } catch (ClassNotFoundException e) {
      throw new NoClassDefFoundError(e.getMessage());
    } finally {
      System.setProperty(TEMPORARY_FOLDER, before);
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
