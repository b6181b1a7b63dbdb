package io.fullbore.tokenizer;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads and checks the {@code tokenizer.ggml.*} keys for {@link Vocabulary}. Where files are known
 * to leave things out or to get them wrong, it does what llama.cpp's llama_vocab::load does.
 */
final class VocabularyReader {
  /** Longer than any token in use; some work grows with the square of a token's length. */
  private static final int MAX_TOKEN_CHARS = 8_192;

  private static final String PREFIX = "tokenizer.ggml.";

  /** Texts that end a turn in the chat formats in use, whatever the file says about them. */
  private static final Set<String> END_OF_TURN_TEXTS =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "<EOT>",
          "<｜end▁of▁sentence｜>");

  private static final String END_OF_MESSAGE_TEXT = "<|eom_id|>";

  /** Further texts after which nothing sensible follows. */
  private static final Set<String> OTHER_END_TEXTS =
      Set.of(
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<|end_of_text|>",
          "_<EOT>",
          "[EOT]",
          "<end_of_utterance>",
          // Fill-in-the-middle models go on with the next file after these.
          "<|fim_pad|>",
          "<fim-pad>",
          "<PAD>",
          "<|fim_repo|>",
          "<|repo_name|>",
          "<fim-repo>",
          "<REPO>",
          "<|file_sep|>");

  final Vocabulary.Model model;
  final String[] texts;
  final TokenType[] types;
  final float[] scores;
  final String[] merges;
  final Vocabulary.Roles roles;
  final Vocabulary.Additions additions;
  final Set<Integer> endOfGeneration = new TreeSet<>();
  final BitSet strippingRight = new BitSet();
  final Optional<PreTokenizer> preTokenizer;
  final boolean preTokenizerGuessed;
  final Map<String, Integer> idByText = new HashMap<>();

  private final Metadata metadata;

  VocabularyReader(Metadata metadata) {
    this.metadata = metadata;
    model = readModel();
    boolean bytePair = model == Vocabulary.Model.BYTE_PAIR;
    preTokenizerGuessed = bytePair && !metadata.has(PREFIX + "pre");
    preTokenizer =
        bytePair
            ? Optional.of(
                PreTokenizer.named(metadata.string(PREFIX + "pre").orElse(PreTokenizer.DEFAULT)))
            : Optional.empty();
    texts = readTexts();
    types = readTypes();
    scores = readScores();
    merges = bytePair ? readMerges() : new String[0];
    roles = readRoles();
    additions = readAdditions();
    collectEndOfGeneration();
    markControlTokens();
    collectStrippingRight();
  }

  private Vocabulary.Model readModel() {
    String key = PREFIX + "model";
    String name = metadata.requireString(key);
    return switch (name) {
      case "llama" -> Vocabulary.Model.SENTENCE_PIECE;
      case "gpt2" -> Vocabulary.Model.BYTE_PAIR;
      default ->
          throw new ModelFormatException(
              "key=%s value=%s is not supported; supported are llama (SentencePiece) and gpt2 (byte-level BPE)"
                  .formatted(key, name));
    };
  }

  private String[] readTexts() {
    String key = PREFIX + "tokens";
    String[] read = metadata.strings(key).orElseThrow(() -> missing(key)).clone();
    if (read.length == 0) {
      throw new ModelFormatException("key=%s is empty: a vocabulary needs tokens".formatted(key));
    }
    for (int id = 0; id < read.length; id++) {
      if (read[id].isEmpty()) {
        read[id] = "[EMPTY_" + id + "]";
      }
      if (read[id].length() > MAX_TOKEN_CHARS) {
        throw new ModelFormatException(
            "key=%s token=%d has %d characters where %d are allowed: the vocabulary is damaged"
                .formatted(key, id, read[id].length(), MAX_TOKEN_CHARS));
      }
      idByText.put(read[id], id);
    }
    return read;
  }

  private TokenType[] readTypes() {
    String key = PREFIX + "token_type";
    var read = new TokenType[texts.length];
    long[] codes = metadata.integers(key).orElse(null);
    if (codes != null) {
      checkCount(key, codes.length);
    }
    TokenType[] known = TokenType.values();
    for (int id = 0; id < read.length; id++) {
      long code = codes == null ? TokenType.NORMAL.ordinal() : codes[id];
      if (code < 0 || code >= known.length) {
        throw new ModelFormatException(
            "key=%s index=%d value=%d lies outside [0, %d]"
                .formatted(key, id, code, known.length - 1));
      }
      read[id] = known[(int) code];
    }
    return read;
  }

  private float[] readScores() {
    String key = PREFIX + "scores";
    float[] read = metadata.numbers(key).orElseGet(() -> new float[texts.length]);
    checkCount(key, read.length);
    return read;
  }

  private String[] readMerges() {
    String key = PREFIX + "merges";
    String[] read = metadata.strings(key).orElseThrow(() -> missing(key));
    for (int rank = 0; rank < read.length; rank++) {
      int blank = read[rank].indexOf(' ', 1);
      if (blank < 0 || blank + 1 == read[rank].length()) {
        throw new ModelFormatException(
            "key=%s index=%d value='%s' is no pair of symbols with a blank between"
                .formatted(key, rank, read[rank]));
      }
    }
    return read;
  }

  private Vocabulary.Roles readRoles() {
    boolean sentencePiece = model == Vocabulary.Model.SENTENCE_PIECE;
    OptionalInt endOfTurn = steeringId("eot_token_id", -1);
    OptionalInt endOfMessage = steeringId("eom_token_id", -1);
    return new Vocabulary.Roles(
        steeringId("bos_token_id", sentencePiece ? 1 : -1),
        steeringId("eos_token_id", sentencePiece ? 2 : -1),
        endOfTurn.isPresent() ? endOfTurn : lowestOf(END_OF_TURN_TEXTS),
        endOfMessage.isPresent() ? endOfMessage : lowestOf(Set.of(END_OF_MESSAGE_TEXT)),
        id("unknown_token_id", sentencePiece ? 0 : -1),
        id("padding_token_id", -1));
  }

  private OptionalInt lowestOf(Set<String> candidates) {
    return candidates.stream().filter(idByText::containsKey).mapToInt(idByText::get).min();
  }

  /** An id that decides where sequences begin and end: a wrong one must not pass. */
  private OptionalInt steeringId(String name, int fallback) {
    int last = texts.length - 1;
    int id = metadata.integer(PREFIX + name, Math.min(fallback, last), 0, last);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** An id that files in use get wrong, by values such as -1, and that is rarely needed. */
  private OptionalInt id(String name, int fallback) {
    long id = metadata.integer(PREFIX + name, fallback);
    return id < 0 || id >= texts.length ? OptionalInt.empty() : OptionalInt.of((int) id);
  }

  private Vocabulary.Additions readAdditions() {
    boolean sentencePiece = model == Vocabulary.Model.SENTENCE_PIECE;
    boolean bos = sentencePiece || preTokenizer.map(PreTokenizer::addBos).orElse(false);
    return new Vocabulary.Additions(
        metadata.flag(PREFIX + "add_bos_token", bos) && roles.bos().isPresent(),
        metadata.flag(PREFIX + "add_eos_token", false) && roles.eos().isPresent(),
        sentencePiece && metadata.flag(PREFIX + "add_space_prefix", true));
  }

  private void collectEndOfGeneration() {
    roles.eos().ifPresent(endOfGeneration::add);
    roles.endOfTurn().ifPresent(endOfGeneration::add);
    roles.endOfMessage().ifPresent(endOfGeneration::add);
    for (Set<String> endings :
        List.of(END_OF_TURN_TEXTS, Set.of(END_OF_MESSAGE_TEXT), OTHER_END_TEXTS)) {
      for (String text : endings) {
        Integer id = idByText.get(text);
        if (id != null) {
          endOfGeneration.add(id);
          types[id] = TokenType.CONTROL;
        }
      }
    }
  }

  /**
   * Some files list the markers of their chat format as user-defined tokens, which a user could
   * then write. By their look they are control tokens, and are treated as such.
   */
  private void markControlTokens() {
    for (int id = 0; id < texts.length; id++) {
      if (types[id] == TokenType.USER_DEFINED && looksLikeControl(texts[id])) {
        types[id] = TokenType.CONTROL;
      }
    }
  }

  private static boolean looksLikeControl(String text) {
    return text.startsWith("<|") && text.endsWith("|>")
        || text.startsWith("<｜") && text.endsWith("｜>")
        || text.equals("<start_of_turn>");
  }

  /** Phi-3's tokenizer eats the whitespace behind its special tokens. */
  private void collectStrippingRight() {
    String name = metadata.string("general.name").orElse("").toLowerCase(Locale.ROOT);
    boolean phi3 =
        name.contains("phi-3")
            || name.contains("phi3")
            || model == Vocabulary.Model.SENTENCE_PIECE
                && metadata.string("general.architecture").orElse("").equals("phi3");
    if (!phi3) {
      return;
    }
    var exceptions = Set.of("<unk>", "<s>", "<|endoftext|>");
    for (int id = 0; id < texts.length; id++) {
      boolean special = types[id].isSpecial() || types[id] == TokenType.USER_DEFINED;
      strippingRight.set(id, special && !exceptions.contains(texts[id]));
    }
  }

  private void checkCount(String key, int count) {
    if (count != texts.length) {
      throw new ModelFormatException(
          "key=%s count=%d differs from the %d tokens".formatted(key, count, texts.length));
    }
  }

  private static ModelFormatException missing(String key) {
    return new ModelFormatException(
        "key=%s is missing: the file has no complete vocabulary".formatted(key));
  }
}
