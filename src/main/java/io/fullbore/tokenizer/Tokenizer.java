package io.fullbore.tokenizer;

import io.fullbore.core.Metadata;
import java.util.List;

/**
 * Turns text into the token ids of one model and back. Made once per loaded model; immutable to its
 * callers and safe for use by any number of threads.
 *
 * <p>Nothing is ever added: whoever builds a prompt puts {@link Vocabulary#bosId()} in front where
 * {@link Vocabulary#addBos()} says so.
 */
public sealed interface Tokenizer permits BytePairTokenizer, SentencePieceTokenizer {

  /**
   * The tokenizer that a model file describes.
   *
   * @throws io.fullbore.core.ModelFormatException where its vocabulary is incomplete, contradicts
   *     itself or is of a kind not supported
   */
  static Tokenizer of(Metadata metadata) {
    Vocabulary vocabulary = Vocabulary.of(metadata);
    return switch (vocabulary.model()) {
      case BYTE_PAIR -> new BytePairTokenizer(vocabulary);
      case SENTENCE_PIECE -> new SentencePieceTokenizer(vocabulary);
    };
  }

  Vocabulary vocabulary();

  /**
   * Tokenises the concatenation of all pieces as one text, except that control tokens are found
   * only where they lie wholly inside one stretch of adjacent pieces with {@link
   * Piece#parseSpecial()}.
   *
   * <p>In order: control (and unknown) tokens inside such stretches, leftmost first, longest first;
   * then user-defined tokens in all text that is left, across the borders of pieces; then the
   * remaining text. So no text of a user can make a control token, nor stop the template from
   * making one, and a border between pieces has no effect on ordinary text.
   */
  int[] encode(List<Piece> pieces);

  /** Tokenises a user's text: control tokens written in it are plain text. */
  default int[] encode(String text) {
    return encode(List.of(new Piece(text, false)));
  }

  /** Tokenises trusted text: control tokens written in it are meant. */
  default int[] encodeTemplate(String text) {
    return encode(List.of(new Piece(text, true)));
  }

  /**
   * The bytes of one token, not necessarily whole characters; for SentencePiece with the blank in
   * front of the first word.
   *
   * @param showSpecial whether control tokens give their text; else they give nothing
   */
  default byte[] bytesOf(int id, boolean showSpecial) {
    boolean hidden = !showSpecial && vocabulary().type(id).isSpecial();
    return hidden ? new byte[0] : vocabulary().bytes().copy(id);
  }

  /**
   * A detokenizer for one sequence.
   *
   * @param fromStart whether the first token is the beginning of a text and not the continuation of
   *     a prompt: then the blank that {@link Vocabulary#addSpacePrefix()} added is taken off again
   * @param showSpecial as for {@link #bytesOf}
   */
  default Detokenizer detokenizer(boolean fromStart, boolean showSpecial) {
    return new Detokenizer(vocabulary(), fromStart, showSpecial);
  }

  /** The text of a whole sequence, control tokens left out: what {@link #encode(String)} read. */
  default String decode(int[] ids) {
    Detokenizer detokenizer = detokenizer(true, false);
    var text = new StringBuilder();
    for (int id : ids) {
      text.append(detokenizer.accept(id));
    }
    return text.append(detokenizer.flush()).toString();
  }
}
