package io.fullbore.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns the tokens of one sequence into text as they come. Text is given out as soon as it is whole
 * characters; a character's first bytes wait for the rest. Bytes that are no UTF-8 become U+FFFD as
 * in Java's decoder: one per maximal part of a character, one per encoded surrogate. Owned by one
 * thread.
 */
public final class Detokenizer {
  private static final int MAX_HELD_BYTES = 3;

  private final Vocabulary vocabulary;
  private final TokenBytes bytes;
  private final boolean showSpecial;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private ByteBuffer undecoded = ByteBuffer.allocate(64); // always in writing mode
  private CharBuffer decoded = CharBuffer.allocate(64);
  private boolean atAddedBlank;

  Detokenizer(Vocabulary vocabulary, boolean fromStart, boolean showSpecial) {
    this.vocabulary = vocabulary;
    bytes = vocabulary.bytes();
    this.showSpecial = showSpecial;
    atAddedBlank = fromStart && vocabulary.addSpacePrefix();
  }

  /**
   * The text that this token completes; often empty.
   *
   * @throws IndexOutOfBoundsException where the vocabulary has no such token
   */
  public String accept(int token) {
    int from = bytes.from(token);
    int to = bytes.to(token);
    if (vocabulary.type(token).isSpecial()) {
      if (!showSpecial) {
        return "";
      }
    } else if (atAddedBlank && from < to) {
      atAddedBlank = false;
      if (bytes.array()[from] == ' ') {
        from++;
      }
    }
    ensureRoom(to - from);
    undecoded.put(bytes.array(), from, to - from);
    return decode(false);
  }

  /** What still waits, as U+FFFD: the sequence is over. The next token starts afresh. */
  public String flush() {
    String text = decode(true);
    decoder.reset();
    return text;
  }

  private void ensureRoom(int byteCount) {
    int needed = undecoded.position() + byteCount;
    if (needed > undecoded.capacity()) {
      undecoded.flip();
      undecoded = ByteBuffer.allocate(2 * needed).put(undecoded);
    }
    if (needed + MAX_HELD_BYTES > decoded.capacity()) {
      decoded = CharBuffer.allocate(2 * (needed + MAX_HELD_BYTES));
    }
  }

  private String decode(boolean last) {
    undecoded.flip();
    decoder.decode(undecoded, decoded, last);
    if (last) {
      decoder.flush(decoded);
    }
    undecoded.compact();
    decoded.flip();
    String text = decoded.toString();
    decoded.clear();
    return text;
  }
}
