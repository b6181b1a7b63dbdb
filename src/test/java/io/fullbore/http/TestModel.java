package io.fullbore.http;

import io.fullbore.chat.ChatTemplate;
import io.fullbore.core.Metadata;
import io.fullbore.serving.ServedModel;
import io.fullbore.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A model whose tokens 0 to 255 are the bytes of the same value, so that tests can say tokens as
 * text; after them come the tokens of ChatML.
 */
final class TestModel {
  static final String NAME = "tiny";
  static final String LOUD = "loud";
  static final String VERSION = "tiny-v1";
  static final int CONTEXT_TOKENS = 1000;
  static final int IM_START = 256;
  static final int IM_END = 257;
  static final int END_OF_TEXT = 258;
  static final int FIRST_FURTHER = 259;

  private static final int BYTES = 256;
  private static final long NORMAL = 1;
  private static final long CONTROL = 3;

  private TestModel() {}

  static ServedModel served() {
    return new ServedModel(
        NAME,
        VERSION,
        "digest-of-tiny",
        1_600_000_000,
        CONTEXT_TOKENS,
        Tokenizer.of(metadata()),
        ChatTemplate.of(metadata()));
  }

  /**
   * Another model at the same queue, whose tokens of small letters are capitals, and the other way
   * round.
   */
  static ServedModel loud(String digest) {
    return new ServedModel(
        LOUD,
        VERSION,
        digest,
        1_600_000_000,
        CONTEXT_TOKENS,
        Tokenizer.of(metadata(true)),
        ChatTemplate.of(metadata(true)));
  }

  /**
   * The first model with a chat template.
   *
   * @param control further control tokens; the first is {@link #FIRST_FURTHER}, the next ones
   *     follow
   */
  static ServedModel templated(String template, String... control) {
    Metadata metadata = metadata(false, template, control);
    return new ServedModel(
        NAME,
        VERSION,
        "digest-of-templated",
        1_600_000_000,
        CONTEXT_TOKENS,
        Tokenizer.of(metadata),
        ChatTemplate.of(metadata));
  }

  static SortedMap<String, ServedModel> models() {
    return new TreeMap<>(Map.of(NAME, served()));
  }

  private static Metadata metadata() {
    return metadata(false);
  }

  private static Metadata metadata(boolean loud) {
    return metadata(loud, null);
  }

  private static Metadata metadata(boolean loud, @Nullable String template, String... control) {
    String[] tokens = new String[FIRST_FURTHER + control.length];
    long[] types = new long[tokens.length];
    Arrays.fill(types, NORMAL);
    int shifted = BYTES;
    for (int value = 0; value < BYTES; value++) {
      boolean printable = value > ' ' && value < 0x7F || value > 0xA0 && value != 0xAD;
      tokens[value] = String.valueOf((char) (printable ? value : shifted++));
    }
    for (int letter = 'a'; loud && letter <= 'z'; letter++) {
      tokens[letter] = String.valueOf((char) Character.toUpperCase(letter));
      tokens[Character.toUpperCase(letter)] = String.valueOf((char) letter);
    }
    tokens[IM_START] = "<|im_start|>";
    tokens[IM_END] = "<|im_end|>";
    tokens[END_OF_TEXT] = "<|endoftext|>";
    System.arraycopy(control, 0, tokens, FIRST_FURTHER, control.length);
    Arrays.fill(types, BYTES, tokens.length, CONTROL);
    Map<String, Object> values =
        Map.of(
            "tokenizer.ggml.model",
            "gpt2",
            "tokenizer.ggml.pre",
            "gpt-2",
            "tokenizer.ggml.tokens",
            tokens,
            "tokenizer.ggml.token_type",
            types,
            "tokenizer.ggml.merges",
            new String[0],
            "tokenizer.ggml.eos_token_id",
            (long) IM_END,
            "tokenizer.ggml.bos_token_id",
            (long) END_OF_TEXT);
    if (template == null) {
      return new Metadata(values);
    }
    Map<String, Object> templated = new HashMap<>(values);
    templated.put("tokenizer.chat_template", template);
    return new Metadata(templated);
  }

  /** The tokens of a text: its bytes. */
  static int[] ids(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return ids;
  }
}
