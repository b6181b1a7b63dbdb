package io.fullbore.tokenizer;

import io.fullbore.core.Metadata;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The tokens of one model: their texts, kinds and scores, and which of them begin, end and pad.
 * Read from the model file's metadata, checked on the way, then immutable.
 */
public final class Vocabulary {
  /** The two families of tokenizers, by their names in {@code tokenizer.ggml.model}. */
  public enum Model {
    /** Merges by the score of the result, byte tokens for the rest ({@code llama}). */
    SENTENCE_PIECE,
    /** Byte-level merges by rank inside words ({@code gpt2}). */
    BYTE_PAIR
  }

  /**
   * Ids of tokens with a role; empty where the model has none.
   *
   * @param endOfTurn ends one turn of a chat
   * @param endOfMessage ends a message that expects a tool's answer
   */
  record Roles(
      OptionalInt bos,
      OptionalInt eos,
      OptionalInt endOfTurn,
      OptionalInt endOfMessage,
      OptionalInt unknown,
      OptionalInt padding) {}

  /** Whether the model wants the beginning, the end and a first blank added. */
  record Additions(boolean bos, boolean eos, boolean spacePrefix) {}

  private final Model model;
  private final String[] texts; // [id]
  private final TokenType[] types; // [id]
  private final float[] scores; // [id]
  private final String[] merges; // [rank], "left right"; empty for SentencePiece
  private final Roles roles;
  private final Additions additions;
  private final Set<Integer> endOfGeneration;
  private final BitSet strippingRight;
  private final Optional<PreTokenizer> preTokenizer;
  private final boolean preTokenizerGuessed;
  private final Map<String, Integer> idByText;
  private final TokenBytes bytes;

  Vocabulary(VocabularyReader reader) {
    model = reader.model;
    texts = reader.texts;
    types = reader.types;
    scores = reader.scores;
    merges = reader.merges;
    roles = reader.roles;
    additions = reader.additions;
    endOfGeneration = Set.copyOf(reader.endOfGeneration);
    strippingRight = reader.strippingRight;
    preTokenizer = reader.preTokenizer;
    preTokenizerGuessed = reader.preTokenizerGuessed;
    idByText = reader.idByText;
    bytes = TokenBytes.of(model, texts, types);
  }

  /**
   * Reads the {@code tokenizer.ggml.*} keys.
   *
   * @throws io.fullbore.core.ModelFormatException where they are incomplete, contradict each other
   *     or describe a tokenizer that is not supported
   */
  public static Vocabulary of(Metadata metadata) {
    return new Vocabulary(new VocabularyReader(metadata));
  }

  public Model model() {
    return model;
  }

  /** Number of tokens; ids are {@code [0, size)}. */
  public int size() {
    return texts.length;
  }

  /** The text as the model file spells it: escaped bytes, {@code U+2581} for a blank. */
  public String text(int id) {
    return texts[id];
  }

  public TokenType type(int id) {
    return types[id];
  }

  public float score(int id) {
    return scores[id];
  }

  /** The token spelt exactly so in the model file. */
  public OptionalInt idOf(String text) {
    Integer id = idByText.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  public OptionalInt bosId() {
    return roles.bos();
  }

  public OptionalInt eosId() {
    return roles.eos();
  }

  public OptionalInt endOfTurnId() {
    return roles.endOfTurn();
  }

  public OptionalInt endOfMessageId() {
    return roles.endOfMessage();
  }

  public OptionalInt unknownId() {
    return roles.unknown();
  }

  public OptionalInt paddingId() {
    return roles.padding();
  }

  /** Whether a prompt begins with {@link #bosId()}, which is there then. */
  public boolean addBos() {
    return additions.bos();
  }

  /** Whether a prompt ends with {@link #eosId()}, which is there then. */
  public boolean addEos() {
    return additions.eos();
  }

  /** Whether SentencePiece text gets a blank in front, at its start and after special tokens. */
  public boolean addSpacePrefix() {
    return additions.spacePrefix();
  }

  /** Whether the model says with this token that its answer is complete. */
  public boolean isEndOfGeneration(int id) {
    return endOfGeneration.contains(id);
  }

  /** All tokens for which {@link #isEndOfGeneration} holds. */
  public Set<Integer> endOfGenerationIds() {
    return endOfGeneration;
  }

  /**
   * Whether the file does not name its pre-tokenizer, so that the default was taken: such files are
   * old, and their answers are worse than they should be. Worth a warning.
   */
  public boolean preTokenizerGuessed() {
    return preTokenizerGuessed;
  }

  /** Whether whitespace that follows this special token in a prompt belongs to it. */
  boolean stripsRight(int id) {
    return strippingRight.get(id);
  }

  /** There for {@link Model#BYTE_PAIR}. */
  Optional<PreTokenizer> preTokenizer() {
    return preTokenizer;
  }

  TokenBytes bytes() {
    return bytes;
  }

  /** Not to be written into. */
  String[] merges() {
    return merges;
  }
}
