package io.fullbore.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fullbore.model.GgufFile;
import io.fullbore.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fullbore tokenize}. */
@Command(
    name = "tokenize",
    description = {
      "Reads a text from standard input and prints its token ids as a JSON array.",
      "No special tokens are added or parsed. The file needs a vocabulary, no weights."
    },
    mixinStandardHelpOptions = true)
final class TokenizeCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE",
      description = "GGUF file with the vocabulary.")
  @SuppressWarnings("NullAway.Init")
  private Path model;

  @Option(
      names = "--json",
      description = "Read a JSON array of texts and print an array of arrays.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException, UsageException {
    return run(System.in);
  }

  private int run(InputStream input) throws IOException, UsageException {
    try (GgufFile file = GgufFile.open(model)) {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      String text = new String(input.readAllBytes(), StandardCharsets.UTF_8);
      ObjectMapper mapper = new ObjectMapper();
      Object ids = json ? encodeAll(tokenizer, texts(mapper, text)) : tokenizer.encode(text);
      spec.commandLine().getOut().println(mapper.writeValueAsString(ids));
      return 0;
    }
  }

  private static List<int[]> encodeAll(Tokenizer tokenizer, String[] texts) {
    List<int[]> ids = new ArrayList<>();
    for (String text : texts) {
      ids.add(tokenizer.encode(text));
    }
    return ids;
  }

  private static String[] texts(ObjectMapper mapper, String json) throws UsageException {
    try {
      String[] texts = mapper.readValue(json, String[].class);
      if (texts == null || Arrays.asList(texts).contains(null)) {
        throw new UsageException("standard input is no JSON array of strings: it holds null");
      }
      return texts;
    } catch (JsonProcessingException e) {
      throw new UsageException(
          "standard input is no JSON array of strings: " + e.getOriginalMessage());
    }
  }
}
