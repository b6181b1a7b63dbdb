package io.fullbore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Gates the build on google-java-format. {@code ./mvnw test -Dtest=SourceFormatTest -Dformat=apply}
 * rewrites the files instead.
 */
class SourceFormatTest {
  private final Formatter formatter = new Formatter();

  @Test
  void everySourceFileIsFormatted() throws IOException, FormatterException {
    boolean apply = "apply".equals(System.getProperty("format"));
    List<Path> unformatted = new ArrayList<>();
    for (Path file : sources()) {
      String text = Files.readString(file);
      String formatted =
          formatter.formatSourceAndFixImports(RemoveUnusedImports.removeUnusedImports(text));
      if (!text.equals(formatted)) {
        unformatted.add(file);
        if (apply) {
          Files.writeString(file, formatted);
        }
      }
    }
    if (!apply) {
      assertEquals(
          List.of(),
          unformatted,
          "not formatted; run ./mvnw test -Dtest=SourceFormatTest -Dformat=apply");
    }
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String root : List.of("src", "bench")) {
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
      }
    }
    return sources;
  }
}
