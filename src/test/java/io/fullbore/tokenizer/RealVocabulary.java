package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.core.Metadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Vocabularies of real models, where this machine has them beside the project. */
enum RealVocabulary {
  LLAMA_SPM("llama-spm"),
  GPT_2("gpt-2"),
  DEEPSEEK_CODER("deepseek-coder");

  private static final Map<RealVocabulary, Tokenizer> LOADED = new ConcurrentHashMap<>();

  private final String name;

  RealVocabulary(String name) {
    this.name = name;
  }

  /** Skips the test that asks where the file is not there. */
  Tokenizer tokenizer() {
    return LOADED.computeIfAbsent(this, ignored -> Tokenizer.of(metadata()));
  }

  private Metadata metadata() {
    try {
      return GgufMetadata.read(file(".gguf"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The texts with known ids, and the ids: {@code .inp} and {@code .out} of the vocabulary. */
  Path file(String suffix) {
    Path folder = Path.of(System.getProperty("fullbore.shared", "../shared"), "tokenizers");
    String ending = suffix.equals(".gguf") ? suffix : ".gguf" + suffix;
    Path file = folder.resolve("ggml-vocab-" + name + ending);
    assumeTrue(Files.exists(file), () -> file + " is not here");
    return file;
  }
}
