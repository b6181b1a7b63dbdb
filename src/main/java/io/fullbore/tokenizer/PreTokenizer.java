package io.fullbore.tokenizer;

import io.fullbore.core.ModelFormatException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How byte-pair vocabularies cut text into words before merging: a list of patterns, each applied
 * inside the pieces that the one before it left. A match is a piece, and so is what lies between
 * matches. The table holds what the {@code tokenizer.ggml.pre} names mean in llama.cpp.
 *
 * <p>The patterns are written for java.util.regex: {@code \s} is Unicode whitespace (by the flag),
 * all repetition is of one character class, which Java does in a loop and not by recursion, and no
 * alternative can be tried from more than a constant number of places in a run. So a megabyte of
 * one character costs linear time and no stack.
 *
 * @param name its name in model files
 * @param patterns applied in order
 * @param preferWords whether a word that is a token itself is taken as it is, without merging
 * @param addBos whether models of this kind want a beginning-of-sequence token unless they say
 *     otherwise
 */
record PreTokenizer(String name, List<Pattern> patterns, boolean preferWords, boolean addBos) {

  /** Takes one word, {@code text[from, to)}. */
  interface WordSink {
    void word(int from, int to);
  }

  /** What a model file without the key means. */
  static final String DEFAULT = "default";

  private static final String CONTRACTION = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";

  /** Runs of blanks: up to a line's end, else all but the last blank before a word. */
  private static final String BLANKS = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static final String LLAMA3 =
      CONTRACTION
          + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
          + BLANKS;

  private static final String QWEN2 =
      CONTRACTION
          + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
          + BLANKS;

  private static final String QWEN35 =
      CONTRACTION
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
          + BLANKS;

  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String MARK_OR_BLANK = "[^\\r\\n\\p{L}\\p{N}]?";

  private static final String TEKKEN =
      (MARK_OR_BLANK + UPPER + "*" + LOWER + "+|" + MARK_OR_BLANK + UPPER + "+" + LOWER + "*")
          + ("|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + BLANKS);

  private static final String GPT4O =
      (MARK_OR_BLANK + UPPER + "*" + LOWER + "+(?:" + CONTRACTION + ")?|")
          + (MARK_OR_BLANK + UPPER + "+" + LOWER + "*(?:" + CONTRACTION + ")?|")
          + ("\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + BLANKS);

  private static final String DEEPSEEK_V3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
          + BLANKS;

  /** Letters with case of the scripts and blocks that DeepSeek's first tokenizer lists. */
  private static final String DEEPSEEK_LETTERS =
      "[\\p{Lu}\\p{Ll}\\p{Lt}&&[^\\u0560-\\u0588\\u10C7-\\u10FF\\u1C80-\\u1C8F\\u2D00-\\u2D2F"
          + "\\uA790-\\uA7FF\\uAB30-\\uAB6F\\x{10570}-\\x{105BF}\\x{10D50}-\\x{10D8F}"
          + "\\x{16E40}-\\x{16EDF}\\x{1D400}-\\x{1DFFF}]]";

  private static final String CJK = "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+";

  private static final String NOT_A_STOP =
      " ?[^(\\s|.,!?\\u2026\\u3002\\uFF0C\\u3001\\u0964\\u06D4\\u060C)]+";

  private static final Map<String, PreTokenizer> BY_NAME = new LinkedHashMap<>();

  static {
    row("default", "[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]");
    rowPreferringWords("llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2", LLAMA3);
    row("dbrx smaug-bpe chatglm-bpe glm4", LLAMA3);
    row("qwen2 deepseek-r1-qwen megrez stablelm2 hunyuan", QWEN2);
    row("qwen35", QWEN35);
    row("gpt-2 phi-2 mpt olmo jais gigachat exaone4 roberta-bpe", GPT2);
    row("jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code", GPT2);
    row("starcoder smollm refact command-r codeshell exaone minerva-7b", "\\p{N}", GPT2);
    row("falcon", "[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]");
    row(
        "deepseek-llm",
        "[\\r\\n]",
        "\\s?" + DEEPSEEK_LETTERS + "+",
        // From ':' to '~' are also the Latin letters: so it is in the original.
        "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]+",
        // Only from the start of the run: trying every blank of it would take quadratic time.
        "(?<!\\s)\\s++\\z",
        CJK,
        "\\p{N}+");
    row("deepseek-coder", "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}");
    row("deepseek-v3", "\\p{N}{1,3}", "[\\u4E00-\\u9FA5\\u3040-\\u30FF]+", DEEPSEEK_V3);
    row("gpt-4o llama4", GPT4O);
    rowPreferringWords("tekken", TEKKEN);
    row("bloom poro-chat gpt3-finnish", NOT_A_STOP);
    row("viking", NOT_A_STOP, "\\p{N}");
  }

  private static void row(String names, String... patterns) {
    add(names, false, patterns);
  }

  private static void rowPreferringWords(String names, String... patterns) {
    add(names, true, patterns);
  }

  private static void add(String names, boolean preferWords, String... patterns) {
    List<Pattern> compiled =
        Stream.of(patterns)
            .map(regex -> Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS))
            .toList();
    for (String name : names.split(" ")) {
      BY_NAME.put(name, new PreTokenizer(name, compiled, preferWords, preferWords));
    }
  }

  /**
   * The row of that name.
   *
   * @throws ModelFormatException where there is none: guessing would degrade answers silently
   */
  static PreTokenizer named(String name) {
    PreTokenizer found = BY_NAME.get(name);
    if (found == null) {
      throw new ModelFormatException(
          "key=tokenizer.ggml.pre value=%s is not supported; supported are %s"
              .formatted(name, String.join(", ", BY_NAME.keySet())));
    }
    return found;
  }

  static Set<String> names() {
    return Collections.unmodifiableSet(BY_NAME.keySet());
  }

  /** A splitter for one thread. */
  Splitter splitter(String text, WordSink sink) {
    return new Splitter(text, sink);
  }

  /** Cuts ranges of one text; owned by one thread. */
  final class Splitter {
    private final Matcher[] matchers;
    private final WordSink sink;

    private Splitter(String text, WordSink sink) {
      this.sink = sink;
      matchers = patterns.stream().map(pattern -> pattern.matcher(text)).toArray(Matcher[]::new);
    }

    /** Gives the words of {@code text[from, to)} in order; look-around sees nothing outside. */
    void split(int from, int to) {
      split(from, to, 0);
    }

    private void split(int from, int to, int level) {
      if (from == to) {
        return;
      }
      if (level == matchers.length) {
        sink.word(from, to);
        return;
      }
      Matcher matcher = matchers[level].region(from, to);
      int done = from;
      while (matcher.find()) {
        split(done, matcher.start(), level + 1);
        split(matcher.start(), matcher.end(), level + 1);
        done = matcher.end();
      }
      split(done, to, level + 1);
    }
  }

  PreTokenizer {
    patterns = List.copyOf(patterns);
  }
}
