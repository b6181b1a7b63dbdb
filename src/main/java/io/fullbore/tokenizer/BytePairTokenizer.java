package io.fullbore.tokenizer;

import io.fullbore.core.ModelFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Byte-level byte-pair encoding as GPT-2 introduced it: text is cut into words ({@link
 * PreTokenizer}), a word's UTF-8 bytes are the first symbols, and adjacent symbols are merged in
 * the order of the model's list of merges.
 *
 * <p>Symbols are ints: ids of tokens, and from {@link Vocabulary#size()} up those that occur in
 * merges or as bytes but are no tokens. Control tokens are no symbols, so text cannot make them.
 */
final class BytePairTokenizer implements Tokenizer {
  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final SpecialTokens specialTokens;
  private final Map<String, Integer> symbols = new HashMap<>();
  private final List<String> extraSymbols = new ArrayList<>(); // [symbol - vocabulary.size()]
  private final int[] symbolOfByte = new int[256]; // [byte]
  private final MergeTable merges;
  private final WordCache cache = new WordCache();

  BytePairTokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    preTokenizer =
        vocabulary
            .preTokenizer()
            .orElseThrow(() -> new ModelFormatException("vocabulary is not for byte pairs"));
    specialTokens = new SpecialTokens(vocabulary);
    for (int id = 0; id < vocabulary.size(); id++) {
      if (!vocabulary.type(id).isSpecial()) {
        symbols.put(vocabulary.text(id), id);
      }
    }
    for (int value = 0; value < symbolOfByte.length; value++) {
      symbolOfByte[value] = symbolOf(String.valueOf(ByteAlphabet.charOf(value)));
    }
    merges = readMerges(vocabulary.merges());
  }

  private MergeTable readMerges(String[] texts) {
    var pairs = new PairTable(texts.length);
    int[] merged = new int[texts.length];
    for (int rank = 0; rank < texts.length; rank++) {
      int blank = texts[rank].indexOf(' ', 1);
      String left = texts[rank].substring(0, blank);
      String right = texts[rank].substring(blank + 1);
      merged[rank] = symbolOf(left + right);
      pairs.putIfAbsent(symbolOf(left), symbolOf(right), rank);
    }
    return new MergeTable(pairs, IntStream.range(0, texts.length).toArray(), merged);
  }

  private int symbolOf(String text) {
    Integer known = symbols.get(text);
    if (known != null) {
      return known;
    }
    int symbol = vocabulary.size() + extraSymbols.size();
    extraSymbols.add(text);
    symbols.put(text, symbol);
    return symbol;
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
  private final class Encoding implements SpecialTokens.Sink, PreTokenizer.WordSink {
    private final String text;
    private final PreTokenizer.Splitter splitter;
    private final PairMerger merger = new PairMerger(merges);
    private final IdBuffer wordSymbols = new IdBuffer(64);
    private final IdBuffer ids;

    Encoding(String text) {
      this.text = text;
      splitter = preTokenizer.splitter(text, this);
      ids = new IdBuffer(text.length() / 3);
    }

    @Override
    public void text(int from, int to) {
      splitter.split(from, to);
    }

    @Override
    public void token(int id) {
      ids.add(id);
    }

    @Override
    public void word(int from, int to) {
      int[] known = cache.get(text, from, to);
      if (known != null) {
        ids.addAll(known);
        return;
      }
      int first = ids.count();
      encodeWord(from, to);
      cache.put(text, from, to, ids.copy(first));
    }

    private void encodeWord(int from, int to) {
      readBytes(from, to);
      int count = wordSymbols.count();
      int[] word = wordSymbols.array();
      if (preTokenizer.preferWords()) {
        Integer whole = symbols.get(spell(word, count));
        if (whole != null && whole < vocabulary.size()) {
          ids.add(whole);
          return;
        }
      }
      count = merger.merge(word, count);
      for (int i = 0; i < count; i++) {
        emit(word[i]);
      }
    }

    private void readBytes(int from, int to) {
      wordSymbols.clear();
      for (int i = from; i < to; ) {
        int codePoint = text.codePointAt(i);
        i += Character.charCount(codePoint);
        Utf8.forEachByte(codePoint, value -> wordSymbols.add(symbolOfByte[value]));
      }
    }

    private String spell(int[] word, int count) {
      var spelling = new StringBuilder(count);
      for (int i = 0; i < count; i++) {
        spelling.append(spelling(word[i]));
      }
      return spelling.toString();
    }

    /** A symbol that is no token falls apart into its bytes, and these into the unknown token. */
    private void emit(int symbol) {
      if (symbol < vocabulary.size()) {
        ids.add(symbol);
        return;
      }
      String spelling = spelling(symbol);
      if (spelling.length() == 1) {
        vocabulary.unknownId().ifPresent(ids::add);
        return;
      }
      for (int i = 0; i < spelling.length(); i++) {
        int value = ByteAlphabet.byteOf(spelling.charAt(i));
        if (value >= 0) {
          emit(symbolOfByte[value]);
        }
      }
    }

    private String spelling(int symbol) {
      return symbol < vocabulary.size()
          ? vocabulary.text(symbol)
          : extraSymbols.get(symbol - vocabulary.size());
    }
  }
}
