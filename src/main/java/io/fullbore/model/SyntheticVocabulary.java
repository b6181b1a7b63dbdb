package io.fullbore.model;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The vocabulary of {@link SyntheticModel}: a byte-level BPE in GPT-2's form, made of syllables.
 *
 * <pre>
 *   0 … 255            the bytes, in their own order
 *   256 … size - 4     one token per merge, in the order of the merges
 *   last three         &lt;|endoftext|&gt;, &lt;|im_start|&gt;, &lt;|im_end|&gt;
 * </pre>
 *
 * <p>Every token is reachable: a merge is added only when the merges before it turn its text into
 * exactly the two tokens that it joins, and later merges, of lower priority, cannot change that.
 */
final class SyntheticVocabulary {
  static final int LEAST_TOKENS = 300;
  static final int MOST_TOKENS = 160_000;

  /** The roles of a chat in ChatML form. */
  static final String CHAT_TEMPLATE =
      """
      {%- for message in messages -%}
      {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
      {{- '<|im_start|>assistant\\n' -}}
      {%- endif -%}
      """
          .strip();

  private static final List<String> SPECIAL =
      List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");
  private static final long NORMAL = 1;
  private static final long CONTROL = 3;
  private static final String CONSONANTS = "tnsrhldcmfpgwbvkjxqz";
  private static final String VOWELS = "eaoiuy";

  private final int tokenCount;
  private final List<String> tokens = new ArrayList<>();
  private final List<String> merges = new ArrayList<>();

  /** The token that a pair of tokens merges to; lower numbers come first. */
  private final Map<Long, Integer> merged = new HashMap<>();

  SyntheticVocabulary(int tokenCount) {
    if (tokenCount < LEAST_TOKENS || tokenCount > MOST_TOKENS) {
      throw new IllegalArgumentException(
          "vocabularyTokens=%d is outside [%d, %d]"
              .formatted(tokenCount, LEAST_TOKENS, MOST_TOKENS));
    }
    this.tokenCount = tokenCount;
    for (int value = 0; value < 256; value++) {
      tokens.add(Character.toString(letterOf(value)));
    }
    addWords();
    tokens.addAll(SPECIAL);
  }

  /** The keys that a tokenizer reads. */
  void putInto(Map<String, Object> metadata) {
    long[] types = new long[tokenCount];
    Arrays.fill(types, NORMAL);
    Arrays.fill(types, tokenCount - SPECIAL.size(), tokenCount, CONTROL);
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "gpt-2");
    metadata.put("tokenizer.ggml.tokens", tokens.toArray(String[]::new));
    metadata.put("tokenizer.ggml.token_type", types);
    metadata.put("tokenizer.ggml.merges", merges.toArray(String[]::new));
    metadata.put("tokenizer.ggml.bos_token_id", tokenCount - 3L);
    metadata.put("tokenizer.ggml.eos_token_id", tokenCount - 1L);
    metadata.put("tokenizer.ggml.eot_token_id", tokenCount - 1L);
    metadata.put("tokenizer.ggml.padding_token_id", tokenCount - 3L);
    metadata.put("tokenizer.ggml.add_bos_token", false);
    metadata.put("tokenizer.chat_template", CHAT_TEMPLATE);
  }

  /** Words of one syllable, of two, of three, until the vocabulary is full. */
  private void addWords() {
    List<String> syllables = new ArrayList<>();
    for (char consonant : CONSONANTS.toCharArray()) {
      for (char vowel : VOWELS.toCharArray()) {
        syllables.add("" + consonant + vowel);
      }
    }
    List<String> words = List.of("");
    while (!isFull()) {
      List<String> longer = new ArrayList<>();
      for (String word : words) {
        for (String syllable : syllables) {
          if (isFull()) {
            return;
          }
          longer.add(word + syllable);
          add(word + syllable);
          add(" " + word + syllable);
        }
      }
      words = longer;
    }
  }

  private boolean isFull() {
    return tokens.size() == tokenCount - SPECIAL.size();
  }

  private void add(String text) {
    List<Integer> pieces = encode(text);
    if (pieces.size() != 2 || isFull()) {
      return;
    }
    int left = pieces.get(0);
    int right = pieces.get(1);
    merged.put(pair(left, right), tokens.size());
    merges.add(tokens.get(left) + " " + tokens.get(right));
    tokens.add(tokens.get(left) + tokens.get(right));
  }

  private List<Integer> encode(String text) {
    List<Integer> pieces = new ArrayList<>();
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      pieces.add(Byte.toUnsignedInt(value));
    }
    while (true) {
      int first = Integer.MAX_VALUE;
      int at = -1;
      for (int i = 0; i + 1 < pieces.size(); i++) {
        int token = merged.getOrDefault(pair(pieces.get(i), pieces.get(i + 1)), Integer.MAX_VALUE);
        if (token < first) {
          first = token;
          at = i;
        }
      }
      if (at < 0) {
        return pieces;
      }
      pieces.set(at, first);
      pieces.remove(at + 1);
    }
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  /**
   * GPT-2's alphabet: visible Latin-1 characters stand for themselves, the 68 other bytes for the
   * characters from U+0100 on, in order.
   */
  private static int letterOf(int value) {
    if (isVisible(value)) {
      return value;
    }
    int letter = 256;
    for (int other = 0; other < value; other++) {
      if (!isVisible(other)) {
        letter++;
      }
    }
    return letter;
  }

  private static boolean isVisible(int value) {
    return value >= '!' && value <= '~' || value >= 0xa1 && value != 0xad;
  }
}
