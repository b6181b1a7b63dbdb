package io.fullbore.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a prompt at the tokens that are matched as a whole, by the rules of {@link
 * Tokenizer#encode(List)}. Immutable.
 */
final class SpecialTokens {
  /** Takes the parts of a prompt in order. */
  interface Sink {
    /** Ordinary text: {@code [from, to)} of the whole prompt. */
    void text(int from, int to);

    void token(int id);
  }

  /** A prompt as one text, and the stretches of it in which control tokens count. */
  record Prompt(String text, List<Stretch> trusted) {

    record Stretch(int from, int to) {}

    static Prompt of(List<Piece> pieces) {
      var text = new StringBuilder();
      var trusted = new ArrayList<Stretch>();
      int from = -1;
      for (Piece piece : pieces) {
        if (piece.parseSpecial() && from < 0) {
          from = text.length();
        } else if (!piece.parseSpecial() && from >= 0 && !piece.text().isEmpty()) {
          trusted.add(new Stretch(from, text.length()));
          from = -1;
        }
        text.append(piece.text());
      }
      if (from >= 0) {
        trusted.add(new Stretch(from, text.length()));
      }
      return new Prompt(wellFormed(text), trusted);
    }

    /** Unpaired surrogates have no UTF-8; they become U+FFFD, which keeps all offsets. */
    private static String wellFormed(StringBuilder text) {
      for (int i = 0; i < text.length(); i++) {
        if (Character.isSurrogate(text.charAt(i))) {
          if (Character.isSupplementaryCodePoint(text.codePointAt(i))) {
            i++;
          } else {
            text.setCharAt(i, '\uFFFD');
          }
        }
      }
      return text.toString();
    }
  }

  private final Vocabulary vocabulary;
  private final TokenTrie controls = new TokenTrie();
  private final TokenTrie userDefined = new TokenTrie();

  SpecialTokens(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    for (int id = 0; id < vocabulary.size(); id++) {
      switch (vocabulary.type(id)) {
        case CONTROL, UNKNOWN -> controls.add(vocabulary.text(id), id);
        case USER_DEFINED -> userDefined.add(vocabulary.text(id), id);
        case UNDEFINED, NORMAL, UNUSED, BYTE -> {}
      }
    }
  }

  void split(Prompt prompt, Sink sink) {
    String text = prompt.text();
    int done = 0;
    for (Prompt.Stretch stretch : prompt.trusted()) {
      int at = Math.max(done, stretch.from());
      while (at < stretch.to()) {
        long match = controls.longestAt(text, at, stretch.to());
        if (match == TokenTrie.NONE) {
          at++;
          continue;
        }
        splitText(text, done, at, sink);
        sink.token(TokenTrie.idOf(match));
        at = afterMatch(text, match, text.length());
        done = at;
      }
    }
    splitText(text, done, text.length(), sink);
  }

  private void splitText(String text, int from, int to, Sink sink) {
    int done = from;
    int at = userDefined.isEmpty() ? to : from;
    while (at < to) {
      long match = userDefined.longestAt(text, at, to);
      if (match == TokenTrie.NONE) {
        at++;
        continue;
      }
      if (done < at) {
        sink.text(done, at);
      }
      sink.token(TokenTrie.idOf(match));
      at = afterMatch(text, match, to);
      done = at;
    }
    if (done < to) {
      sink.text(done, to);
    }
  }

  private int afterMatch(String text, long match, int to) {
    int end = TokenTrie.endOf(match);
    if (vocabulary.stripsRight(TokenTrie.idOf(match))) {
      while (end < to && isAsciiBlank(text.charAt(end))) {
        end++;
      }
    }
    return end;
  }

  private static boolean isAsciiBlank(char character) {
    return character == ' ' || character >= '\t' && character <= '\r';
  }
}
