package io.fullbore.cache;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Stored answers as bytes, big-endian.
 *
 * <pre>
 *   answer := version:u8  storedEpochMs:i64  knowledge:u8  origin  usage:4*i32  count:i32  event*
 *   origin := servedBy:text model:text ( 0 | 1 version:text )
 *   event  := 'P' choice:i32 tokens | 'D' choice:i32 part tokens | 'E' choice:i32 reason:u8
 *           | 'F' json:text count:i32 (choice:i32 reason:u8)*
 *   part   := 'T' text | 'R' text | 'S' call:i32 id:text name:text | 'A' call:i32 json:text
 *   tokens := count:i32 (id:i32 ( 0 | 1 logprob:f32 count:i32 (id:i32 logprob:f32)* ))*
 *   text   := length:i32 utf8
 * </pre>
 */
final class AnswerCodec {
  /** Bytes of another version are no answer: they are computed anew. */
  private static final int VERSION = 3;

  private AnswerCodec() {}

  static byte[] encode(StoredAnswer answer) {
    var bytes = new ByteArrayOutputStream();
    try (var to = new DataOutputStream(bytes)) {
      to.writeByte(VERSION);
      to.writeLong(answer.storedEpochMs());
      to.writeBoolean(answer.knowledge());
      write(to, answer.origin());
      to.writeInt(answer.usage().promptTokens());
      to.writeInt(answer.usage().cachedTokens());
      to.writeInt(answer.usage().completionTokens());
      to.writeInt(answer.usage().reasoningTokens());
      to.writeInt(answer.events().size());
      for (AnswerEvent event : answer.events()) {
        write(to, event);
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream to, Origin origin) throws IOException {
    write(to, origin.servedBy());
    write(to, origin.model());
    String version = origin.version();
    to.writeBoolean(version != null);
    if (version != null) {
      write(to, version);
    }
  }

  private static void write(DataOutputStream to, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    to.writeInt(utf8.length);
    to.write(utf8);
  }

  private static void write(DataOutputStream to, AnswerEvent event) throws IOException {
    switch (event) {
      case AnswerEvent.Prompt(int choice, List<ScoredToken> tokens) -> {
        to.writeByte('P');
        to.writeInt(choice);
        write(to, tokens);
      }
      case AnswerEvent.Delta(int choice, AnswerPart part, List<ScoredToken> tokens) -> {
        to.writeByte('D');
        to.writeInt(choice);
        write(to, part);
        write(to, tokens);
      }
      case AnswerEvent.Forwarded(ForwardedPiece piece) -> {
        to.writeByte('F');
        write(to, piece.json());
        to.writeInt(piece.ends().size());
        for (ForwardedPiece.End end : piece.ends()) {
          to.writeInt(end.choice());
          to.writeByte(end.reason().ordinal());
        }
      }
      case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) -> {
        to.writeByte('E');
        to.writeInt(choice);
        to.writeByte(reason.ordinal());
      }
    }
  }

  private static void write(DataOutputStream to, AnswerPart part) throws IOException {
    switch (part) {
      case AnswerPart.Text(String text) -> {
        to.writeByte('T');
        write(to, text);
      }
      case AnswerPart.Reasoning(String text) -> {
        to.writeByte('R');
        write(to, text);
      }
      case AnswerPart.CallStart(int call, String id, String name) -> {
        to.writeByte('S');
        to.writeInt(call);
        write(to, id);
        write(to, name);
      }
      case AnswerPart.CallArguments(int call, String json) -> {
        to.writeByte('A');
        to.writeInt(call);
        write(to, json);
      }
    }
  }

  private static void write(DataOutputStream to, List<ScoredToken> tokens) throws IOException {
    to.writeInt(tokens.size());
    for (ScoredToken token : tokens) {
      to.writeInt(token.id());
      TokenLogprobs scores = token.logprobs();
      to.writeBoolean(scores != null);
      if (scores != null) {
        to.writeFloat(scores.logprob());
        to.writeInt(scores.topTokens().length);
        for (int i = 0; i < scores.topTokens().length; i++) {
          to.writeInt(scores.topTokens()[i]);
          to.writeFloat(scores.topLogprobs()[i]);
        }
      }
    }
  }

  /** Empty where the bytes are no whole answer of this version. */
  static Optional<StoredAnswer> decode(byte[] bytes) {
    try (var from = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (from.readUnsignedByte() != VERSION) {
        return Optional.empty();
      }
      long storedEpochMs = from.readLong();
      boolean knowledge = from.readBoolean();
      Origin origin =
          new Origin(readText(from), readText(from), from.readBoolean() ? readText(from) : null);
      Usage usage = new Usage(from.readInt(), from.readInt(), from.readInt(), from.readInt());
      int count = readCount(from);
      List<AnswerEvent> events = new ArrayList<>(count);
      while (events.size() < count) {
        events.add(readEvent(from));
      }
      return from.available() > 0
          ? Optional.empty()
          : Optional.of(new StoredAnswer(events, usage, storedEpochMs, knowledge, origin));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static AnswerEvent readEvent(DataInputStream from) throws IOException {
    int kind = from.readUnsignedByte();
    if (kind == 'F') {
      return new AnswerEvent.Forwarded(new ForwardedPiece(readText(from), readEnds(from)));
    }
    int choice = from.readInt();
    return switch (kind) {
      case 'P' -> new AnswerEvent.Prompt(choice, readTokens(from));
      case 'D' -> {
        AnswerPart part = readPart(from);
        yield new AnswerEvent.Delta(choice, part, readTokens(from));
      }
      case 'E' -> new AnswerEvent.ChoiceEnd(choice, readReason(from));
      default -> throw new IOException("kind=%d is unknown".formatted(kind));
    };
  }

  private static AnswerPart readPart(DataInputStream from) throws IOException {
    int kind = from.readUnsignedByte();
    return switch (kind) {
      case 'T' -> new AnswerPart.Text(readText(from));
      case 'R' -> new AnswerPart.Reasoning(readText(from));
      case 'S' -> new AnswerPart.CallStart(from.readInt(), readText(from), readText(from));
      case 'A' -> new AnswerPart.CallArguments(from.readInt(), readText(from));
      default -> throw new IOException("part=%d is unknown".formatted(kind));
    };
  }

  private static List<ForwardedPiece.End> readEnds(DataInputStream from) throws IOException {
    int count = readCount(from);
    List<ForwardedPiece.End> ends = new ArrayList<>(count);
    while (ends.size() < count) {
      ends.add(new ForwardedPiece.End(from.readInt(), readReason(from)));
    }
    return ends;
  }

  private static FinishReason readReason(DataInputStream from) throws IOException {
    int reason = from.readUnsignedByte();
    if (reason >= FinishReason.values().length) {
      throw new IOException("reason=%d is unknown".formatted(reason));
    }
    return FinishReason.values()[reason];
  }

  private static String readText(DataInputStream from) throws IOException {
    return new String(from.readNBytes(readCount(from)), StandardCharsets.UTF_8);
  }

  private static List<ScoredToken> readTokens(DataInputStream from) throws IOException {
    int count = readCount(from);
    List<ScoredToken> tokens = new ArrayList<>(count);
    while (tokens.size() < count) {
      int id = from.readInt();
      tokens.add(new ScoredToken(id, from.readBoolean() ? readScores(from, id) : null));
    }
    return tokens;
  }

  private static TokenLogprobs readScores(DataInputStream from, int id) throws IOException {
    float logprob = from.readFloat();
    int[] topTokens = new int[readCount(from)];
    float[] topLogprobs = new float[topTokens.length];
    for (int i = 0; i < topTokens.length; i++) {
      topTokens[i] = from.readInt();
      topLogprobs[i] = from.readFloat();
    }
    return new TokenLogprobs(id, logprob, topTokens, topLogprobs);
  }

  /** Every counted thing takes at least a byte, so a greater count is damage. */
  private static int readCount(DataInputStream from) throws IOException {
    int count = from.readInt();
    if (count < 0 || count > from.available()) {
      throw new IOException("count=%d exceeds what is left".formatted(count));
    }
    return count;
  }
}
