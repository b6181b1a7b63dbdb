package io.fullbore.tokenizer;

import io.fullbore.core.ModelFormatException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * SentencePiece's byte-pair model: blanks are written U+2581, characters are the first symbols, and
 * of all adjacent pairs that make a token the one whose token scores highest is merged first, the
 * leftmost among equals. Characters that are no tokens become byte tokens.
 *
 * <p>SentencePiece has no notion of a word. But no merge can cross two adjacent characters that
 * stand side by side in no token, so text is cut there without changing the result; that bounds the
 * heap and lets words be cached.
 *
 * <p>Symbols are ints: ids of tokens, and {@code -1 - codePoint} for characters that are none.
 * Control, unknown and byte tokens are no symbols, so text cannot make them by spelling them.
 */
final class SentencePieceTokenizer implements Tokenizer {
  /** Stands for a blank in the texts of tokens. */
  static final char BLANK = '\u2581';

  private static final int NO_SYMBOL = Integer.MIN_VALUE;

  private final Vocabulary vocabulary;
  private final SpecialTokens specialTokens;
  private final Map<String, Integer> symbols = new HashMap<>();
  private final PairTable symbolOfCodePoint = new PairTable(1 << 13); // (0, code point) -> id
  private final PairTable neighbours; // (code point, code point) -> 1
  private final MergeTable merges;
  private final int[] byteIds = new int[256]; // [byte]; -1 where some byte has no token
  private final WordCache cache = new WordCache();

  SentencePieceTokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    specialTokens = new SpecialTokens(vocabulary);
    for (int id = 0; id < vocabulary.size(); id++) {
      switch (vocabulary.type(id)) {
        case NORMAL, USER_DEFINED, UNUSED, UNDEFINED -> symbols.put(vocabulary.text(id), id);
        case UNKNOWN, CONTROL, BYTE -> {}
      }
    }
    neighbours = new PairTable(vocabulary.size());
    merges = findMerges();
    findByteIds();
  }

  private MergeTable findMerges() {
    var pairs = new PairTable(2 * vocabulary.size());
    int[] identity = new int[vocabulary.size()];
    for (int id = 0; id < vocabulary.size(); id++) {
      identity[id] = id;
      String text = vocabulary.text(id);
      Integer known = symbols.get(text);
      if (known == null || known != id) {
        continue;
      }
      int first = text.codePointAt(0);
      if (text.length() == Character.charCount(first)) {
        symbolOfCodePoint.putIfAbsent(0, first, id);
        continue;
      }
      for (int i = Character.charCount(first); i < text.length(); ) {
        int codePoint = text.codePointAt(i);
        neighbours.putIfAbsent(text.codePointBefore(i), codePoint, 1);
        int left = symbolOf(text.substring(0, i));
        int right = symbolOf(text.substring(i));
        if (left != NO_SYMBOL && right != NO_SYMBOL) {
          pairs.putIfAbsent(left, right, id);
        }
        i += Character.charCount(codePoint);
      }
    }
    return new MergeTable(pairs, ranksByScore(), identity);
  }

  private int symbolOf(String text) {
    Integer id = symbols.get(text);
    if (id != null) {
      return id;
    }
    int codePoint = text.codePointAt(0);
    return text.length() == Character.charCount(codePoint) ? -1 - codePoint : NO_SYMBOL;
  }

  /** Equal scores have equal ranks: among them the leftmost pair goes first. */
  private int[] ranksByScore() {
    double[] descending = new double[vocabulary.size()];
    for (int id = 0; id < descending.length; id++) {
      descending[id] = negatedScore(id);
    }
    Arrays.sort(descending);
    int[] ranks = new int[descending.length];
    int distinct = 0;
    for (int i = 0; i < descending.length; i++) {
      if (i == 0 || descending[i] != descending[distinct - 1]) {
        descending[distinct++] = descending[i];
      }
    }
    for (int id = 0; id < ranks.length; id++) {
      ranks[id] = Arrays.binarySearch(descending, 0, distinct, negatedScore(id));
    }
    return ranks;
  }

  /** Adding zero makes one of the two zeros. */
  private double negatedScore(int id) {
    return -(double) vocabulary.score(id) + 0.0;
  }

  private void findByteIds() {
    for (int value = 0; value < byteIds.length; value++) {
      int id = vocabulary.idOf("<0x%02X>".formatted(value)).orElse(-1);
      if (id < 0) {
        if (vocabulary.unknownId().isEmpty()) {
          throw new ModelFormatException(
              "key=tokenizer.ggml.tokens has neither <0x%02X> nor an unknown token: some text cannot be expressed"
                  .formatted(value));
        }
        Arrays.fill(byteIds, -1);
        return;
      }
      byteIds[value] = id;
    }
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public int[] encode(List<Piece> pieces) {
    var prompt = SpecialTokens.Prompt.of(pieces);
    var encoding = new Encoding(prompt.text());
    specialTokens.split(prompt, encoding);
    return encoding.ids.copy(0);
  }

  /** One call of encode; owned by its thread. */
  private final class Encoding implements SpecialTokens.Sink {
    private final String prompt;
    private final PairMerger merger = new PairMerger(merges);
    private final IdBuffer wordSymbols = new IdBuffer(64);
    private final IdBuffer ids;
    private boolean atSpecial = true;

    Encoding(String prompt) {
      this.prompt = prompt;
      ids = new IdBuffer(prompt.length() / 3);
    }

    @Override
    public void token(int id) {
      ids.add(id);
      atSpecial = true;
    }

    @Override
    public void text(int from, int to) {
      String plain = prompt.substring(from, to).replace(' ', BLANK);
      String text = atSpecial && vocabulary.addSpacePrefix() ? BLANK + plain : plain;
      atSpecial = false;
      int wordFrom = 0;
      int before = text.codePointAt(0);
      for (int i = Character.charCount(before); i < text.length(); ) {
        int codePoint = text.codePointAt(i);
        if (neighbours.get(before, codePoint) == PairTable.ABSENT) {
          word(text, wordFrom, i);
          wordFrom = i;
        }
        i += Character.charCount(codePoint);
        before = codePoint;
      }
      word(text, wordFrom, text.length());
    }

    private void word(String text, int from, int to) {
      int[] known = cache.get(text, from, to);
      if (known != null) {
        ids.addAll(known);
        return;
      }
      int first = ids.count();
      encodeWord(text, from, to);
      cache.put(text, from, to, ids.copy(first));
    }

    private void encodeWord(String text, int from, int to) {
      wordSymbols.clear();
      for (int i = from; i < to; ) {
        int codePoint = text.codePointAt(i);
        int id = symbolOfCodePoint.get(0, codePoint);
        wordSymbols.add(id == PairTable.ABSENT ? -1 - codePoint : id);
        i += Character.charCount(codePoint);
      }
      int[] word = wordSymbols.array();
      int count = merger.merge(word, wordSymbols.count());
      for (int i = 0; i < count; i++) {
        emit(word[i]);
      }
    }

    private void emit(int symbol) {
      if (symbol >= 0) {
        ids.add(symbol);
      } else if (byteIds[0] < 0) {
        vocabulary.unknownId().ifPresent(ids::add);
      } else {
        Utf8.forEachByte(-1 - symbol, value -> ids.add(byteIds[value]));
      }
    }
  }
}
