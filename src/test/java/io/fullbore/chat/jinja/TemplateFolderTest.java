package io.fullbore.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Compares with what Hugging Face's renderer made of real models' templates, where the system
 * property {@code fullbore.templates} names a folder of them: {@code NAME.jinja}, and for each case
 * {@code NAME@CASE.json} with the template's variables and either {@code NAME@CASE.txt} with the
 * text or {@code NAME@CASE.error} with {@code TYPE: message} where it fails. The clock stands at
 * noon of 2024-07-26.
 */
class TemplateFolderTest {
  /** How the reference reports {@code raise_exception}. */
  private static final String REFUSAL = "TemplateError: ";

  private static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 12, 0);

  @TestFactory
  Stream<DynamicTest> rendersAsTheReferenceDid() throws IOException {
    String folder = System.getProperty("fullbore.templates", "");
    Assumptions.assumeFalse(folder.isEmpty(), "no -Dfullbore.templates=FOLDER given");
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      return files
          .filter(file -> file.getFileName().toString().matches(".+@.+\\.json"))
          .sorted()
          .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> check(file)))
          .toList()
          .stream();
    }
  }

  private static void check(Path context) throws IOException {
    String stem = context.getFileName().toString().replaceFirst("\\.json$", "");
    String name = stem.substring(0, stem.lastIndexOf('@'));
    String source = Files.readString(context.resolveSibling(name + ".jinja"));
    Map<String, @Nullable Object> variables =
        new ObjectMapper().readValue(context.toFile(), new TypeReference<>() {});
    var template = JinjaTemplate.parse(source);
    Path expected = context.resolveSibling(stem + ".txt");
    if (Files.exists(expected)) {
      assertEquals(Files.readString(expected), template.render(variables, NOW).text());
    } else {
      var error = assertThrows(JinjaException.class, () -> template.render(variables, NOW));
      String wanted = Files.readString(context.resolveSibling(stem + ".error"));
      if (wanted.startsWith(REFUSAL)) {
        assertEquals(JinjaException.Kind.REFUSED, error.kind());
        assertEquals(wanted.substring(REFUSAL.length()), error.getMessage());
      }
    }
  }
}
