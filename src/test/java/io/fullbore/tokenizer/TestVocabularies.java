package io.fullbore.tokenizer;

import io.fullbore.core.Metadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small made-up vocabularies, and the metadata they are read from. */
final class TestVocabularies {
  private static final long NORMAL = TokenType.NORMAL.ordinal();

  private final Map<String, Object> values = new LinkedHashMap<>();
  private final List<String> texts = new ArrayList<>();
  private final List<Long> types = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();

  private TestVocabularies(String model) {
    set("model", model);
  }

  /** All bytes, merges for "hello" and " world", chat markers and a user-defined run of blanks. */
  static TestVocabularies bytePair() {
    var made = new TestVocabularies("gpt2");
    for (int value = 0; value < 256; value++) {
      made.add(String.valueOf(ByteAlphabet.charOf(value)), NORMAL, 0);
    }
    String[] merges = {"h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld"};
    for (String merge : merges) {
      made.add(merge.replace(" ", ""), NORMAL, 0);
    }
    made.add("<|im_start|>", TokenType.CONTROL.ordinal(), 0);
    made.add("<|im_end|>", TokenType.CONTROL.ordinal(), 0);
    made.add("    ", TokenType.USER_DEFINED.ordinal(), 0);
    made.set("merges", merges);
    made.set("pre", "gpt-2");
    made.set("eos_token_id", (long) made.texts.indexOf("<|im_end|>"));
    return made;
  }

  /** Unknown, BOS, EOS, all bytes, and a few pieces; higher scores merge first. */
  static TestVocabularies sentencePiece() {
    var made = new TestVocabularies("llama");
    made.add("<unk>", TokenType.UNKNOWN.ordinal(), 0);
    made.add("<s>", TokenType.CONTROL.ordinal(), 0);
    made.add("</s>", TokenType.CONTROL.ordinal(), 0);
    for (int value = 0; value < 256; value++) {
      made.add("<0x%02X>".formatted(value), TokenType.BYTE.ordinal(), 0);
    }
    made.add("▁▁▁", TokenType.USER_DEFINED.ordinal(), 0);
    String[] pieces = {
      "▁h", "el", "▁hel", "lo", "▁hello", "▁w", "or", "▁wor", "ld", "▁world", "s>"
    };
    for (int i = 0; i < pieces.length; i++) {
      made.add(pieces[i], NORMAL, -i);
    }
    for (String character : "▁ h e l o w r d < s / > é".split(" ")) {
      made.add(character, NORMAL, -100);
    }
    return made;
  }

  TestVocabularies add(String text, long type, float score) {
    texts.add(text);
    types.add(type);
    scores.add(score);
    return this;
  }

  /**
   * Sets a key below {@code tokenizer.ggml}; after {@link #metadata()} nothing changes any more.
   */
  TestVocabularies set(String key, Object value) {
    values.put("tokenizer.ggml." + key, value);
    return this;
  }

  TestVocabularies name(String name) {
    values.put("general.name", name);
    return this;
  }

  int id(String text) {
    return texts.indexOf(text);
  }

  Metadata metadata() {
    float[] scoreArray = new float[scores.size()];
    for (int id = 0; id < scoreArray.length; id++) {
      scoreArray[id] = scores.get(id);
    }
    values.putIfAbsent("tokenizer.ggml.tokens", texts.toArray(String[]::new));
    values.putIfAbsent(
        "tokenizer.ggml.token_type", types.stream().mapToLong(Long::longValue).toArray());
    values.putIfAbsent("tokenizer.ggml.scores", scoreArray);
    return new Metadata(values);
  }

  Metadata without(String key) {
    metadata();
    values.remove("tokenizer.ggml." + key);
    return new Metadata(values);
  }

  Tokenizer tokenizer() {
    return Tokenizer.of(metadata());
  }
}
