package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line as a script uses it: what it prints, and its exit codes. */
class MainTest {
  @TempDir Path folder;

  private record Outcome(int exitCode, String out, String err) {}

  private static Outcome run(String... args) {
    return runWith("", args);
  }

  private static Outcome runWith(String input, String... args) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    try {
      var out = new StringWriter();
      var err = new StringWriter();
      int exitCode = Main.commandLine(new PrintWriter(out), new PrintWriter(err)).execute(args);
      return new Outcome(exitCode, out.toString(), err.toString());
    } finally {
      System.setIn(before);
    }
  }

  private String synth(String... more) {
    Path file = folder.resolve("m.gguf");
    String[] args = {
      "synth",
      "--out",
      file.toString(),
      "--dim",
      "64",
      "--layers",
      "1",
      "--ffn",
      "64",
      "--vocab",
      "400",
      "--heads",
      "4",
      "--kv-heads",
      "2",
      "--context",
      "256"
    };
    String[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    assertEquals(0, run(all).exitCode());
    return file.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve", "chat", "bench", "synth", "tokenize", "models", "version"})
  void everyCommandHasHelp(String command) {
    Outcome outcome = run(command, "--help");
    assertEquals(0, outcome.exitCode());
    assertTrue(outcome.out().startsWith("Usage: fullbore " + command), outcome.out());
  }

  @Test
  void wrongUsageIsTwoAndSaysWhatIsWrong() {
    assertEquals(2, run("bogus").exitCode());
    assertEquals(2, run("bench").exitCode());
    Outcome setting = run("serve", "--set", "http.prot=1");
    assertEquals(2, setting.exitCode());
    assertTrue(setting.err().contains("http.prot"), setting.err());
    assertEquals(2, run("synth", "--out", "x", "--heads", "3").exitCode());
  }

  @Test
  void aFileThatCannotBeUsedIsOne() throws Exception {
    assertEquals(1, run("models", folder.resolve("none.gguf").toString()).exitCode());
    Path text = Files.writeString(folder.resolve("text.gguf"), "no model at all");
    Outcome outcome = run("serve", "--model", text.toString());
    assertEquals(1, outcome.exitCode());
    assertTrue(outcome.err().contains("no GGUF"), outcome.err());
  }

  @Test
  void aSmallCacheIsRefusedInWords() {
    Outcome outcome = run("serve", "--model", synth(), "--set", "engine.kvCacheBytes=1000");
    assertEquals(2, outcome.exitCode());
    assertTrue(outcome.err().contains("engine.kvCacheBytes=1000"), outcome.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "http.corsOrigins=foo; http.corsOrigins=foo must be origins",
        "redis.url=secret-nonsense; redis.url must be redis://",
      })
  void settingsThatCannotBeUsedAreRefusedInWords(String setting, String words) {
    Outcome outcome = run("serve", "--model", synth(), "--set", setting);
    assertEquals(2, outcome.exitCode());
    assertTrue(outcome.err().contains(words), outcome.err());
    assertFalse(outcome.err().contains("secret"), outcome.err());
  }

  @Test
  void sentinelsNeedTheNameOfTheirMaster() {
    Outcome outcome =
        run(
            "serve",
            "--model",
            synth(),
            "--set",
            "redis.url=redis://localhost:1",
            "--set",
            "redis.mode=sentinel");
    assertEquals(2, outcome.exitCode());
    assertTrue(outcome.err().contains("redis.masterName"), outcome.err());
  }

  @Test
  void tokenizeReadsATextOrAJsonArray() {
    String model = synth();
    assertEquals("[72,105]\n", runWith("Hi", "tokenize", "--model", model).out());
    assertEquals(
        "[[72,105],[]]\n", runWith("[\"Hi\",\"\"]", "tokenize", "--json", "--model", model).out());
    assertEquals(2, runWith("[null]", "tokenize", "--json", "--model", model).exitCode());
    assertEquals(2, runWith("{", "tokenize", "--json", "--model", model).exitCode());
  }

  @Test
  void modelsShowsWhatIsInAFile() {
    String table = run("models", synth("--type", "Q4_0")).out();
    assertTrue(table.matches("(?s).*m +llama +\\S+M +Q4_0 +256 .*"), table);
  }

  @Test
  void benchPrintsPrefillAndDecodeAsJson() {
    Outcome outcome =
        run(
            "bench",
            "--model",
            synth(),
            "--prompt",
            "20",
            "--generate",
            "4",
            "--batch",
            "1,3",
            "--repeat",
            "1",
            "--json");
    assertEquals(0, outcome.exitCode());
    assertTrue(outcome.out().contains("\"prefillTokensPerSecond\""), outcome.out());
    assertEquals(
        2, run("bench", "--model", synth(), "--prompt", "300").exitCode(), "beyond the context");
  }

  @Test
  void chatAnswersUntilAnEmptyLine() {
    Outcome outcome =
        runWith("Hello\nAgain\n\n", "chat", "--model", synth(), "--max-tokens", "5", "--seed", "1");
    assertEquals(0, outcome.exitCode());
    assertEquals(3, outcome.out().split("> ", -1).length - 1, outcome.out());
  }
}
