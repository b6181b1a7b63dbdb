package io.fullbore.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Keeps the shipped example and the README's table equal to the schema. {@code ./mvnw test
 * -Dtest=ConfigReferenceTest -Dreference=apply} rewrites them instead.
 */
class ConfigReferenceTest {
  private static final Path EXAMPLE = Path.of("config.json");
  private static final Path README = Path.of("README.md");
  private static final String BEGIN = "<!-- config:begin -->\n";
  private static final String END = "<!-- config:end -->\n";

  private final boolean apply = "apply".equals(System.getProperty("reference"));

  @Test
  void theShippedExampleShowsEveryKeyWithItsDefault() throws Exception {
    if (apply) {
      Files.writeString(EXAMPLE, ConfigReference.example());
    }
    assertEquals(ConfigReference.example(), Files.readString(EXAMPLE));
    assertEquals(ServerConfig.defaults(), new ConfigReader(Map.of()).read(EXAMPLE, Map.of()));
  }

  @Test
  void theReadmeContainsTheTable() throws IOException {
    assumeTrue(Files.exists(README), "no README.md");
    String readme = Files.readString(README);
    int begin = readme.indexOf(BEGIN);
    int end = readme.indexOf(END);
    assumeTrue(begin >= 0 && end > begin, "README.md has no lines config:begin and config:end");
    if (apply) {
      readme =
          readme.substring(0, begin + BEGIN.length())
              + ConfigReference.markdown()
              + readme.substring(end);
      Files.writeString(README, readme);
    }
    assertTrue(
        readme.contains(BEGIN + ConfigReference.markdown() + END),
        "README.md is behind; run ./mvnw test -Dtest=ConfigReferenceTest -Dreference=apply");
  }

  @Test
  void theTableHasARowForEveryKey() {
    String table = ConfigReference.markdown();
    for (String key : Keys.dotted()) {
      assertTrue(table.contains("| `" + key.replace("." + Keys.INDEX + ".", "[].") + "` |"), key);
    }
    assertTrue(
        table.contains(
            "| `http.maxBodyBytes` | `\"8MiB\"` | a size from 1KiB to 1GiB | Longest request body."
                + " |\n"));
  }
}
