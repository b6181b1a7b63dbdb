package io.fullbore.cache;

import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.vertx.core.buffer.Buffer;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A complete answer, and the forms in which it has been sent so far, so that a further hit is one
 * write. Shared by all event loops.
 */
public final class StoredAnswer {
  /** The forms of an answer on the wire. */
  public enum Form {
    WHOLE,
    STREAM,
    STREAM_WITH_USAGE
  }

  private static final long BYTES_PER_EVENT = 96;
  private static final long BYTES_PER_TOKEN = 64;
  private static final long LONG_BYTES = 128 << 10;

  /** Room that an answer has for its forms: so many times its events, and a bit for the rest. */
  private static final long FORMS_SHARE = 4;

  private static final long FORMS_BYTES = 4 << 10;

  private final List<AnswerEvent> events;
  private final Usage usage;
  private final long storedEpochMs;
  private final boolean knowledge;
  private final Origin origin;
  private final long eventBytes;
  private final Map<Form, Buffer> forms = new ConcurrentHashMap<>();
  private final AtomicLong formBytes = new AtomicLong();

  /**
   * @param events all of them, in order
   * @param storedEpochMs when the answer was complete
   * @param knowledge whether it never expires
   * @param origin who gave it
   */
  public StoredAnswer(
      List<AnswerEvent> events, Usage usage, long storedEpochMs, boolean knowledge, Origin origin) {
    this.events = List.copyOf(events);
    this.usage = usage;
    this.storedEpochMs = storedEpochMs;
    this.knowledge = knowledge;
    this.origin = origin;
    this.eventBytes = this.events.stream().mapToLong(StoredAnswer::weightBytes).sum();
  }

  public List<AnswerEvent> events() {
    return events;
  }

  public Usage usage() {
    return usage;
  }

  public long storedEpochMs() {
    return storedEpochMs;
  }

  public boolean knowledge() {
    return knowledge;
  }

  public Origin origin() {
    return origin;
  }

  /** The same answer as one of the knowledge base. */
  public StoredAnswer inKnowledge() {
    return new StoredAnswer(events, usage, storedEpochMs, true, origin);
  }

  /**
   * Whether so many choices have ended by themselves, in calls of tools or not, and there is
   * nothing of any other.
   */
  public boolean completes(int choiceCount) {
    var ended = new BitSet(choiceCount);
    for (AnswerEvent event : events) {
      if (event.choice() < 0 || event.choice() >= choiceCount) {
        return false;
      }
      switch (event) {
        case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) -> {
          if (reason == FinishReason.LENGTH) {
            return false;
          }
          ended.set(choice);
        }
        case AnswerEvent.Forwarded(ForwardedPiece piece) -> {
          for (ForwardedPiece.End end : piece.ends()) {
            if (end.reason() == FinishReason.LENGTH || end.choice() >= choiceCount) {
              return false;
            }
            ended.set(end.choice());
          }
        }
        case AnswerEvent.Prompt _, AnswerEvent.Delta _ -> {}
      }
    }
    return ended.cardinality() == choiceCount;
  }

  /** Whether rendering the answer is too much work for an event loop. */
  public boolean isLong() {
    return eventBytes > LONG_BYTES;
  }

  /**
   * The answer in one form. Not to be changed. Rendered once, as a rule; a form that takes more
   * room than {@link #weightBytes} counts is rendered every time.
   */
  public Buffer form(Form form, Supplier<Buffer> renderer) {
    Buffer known = forms.get(form);
    if (known != null) {
      return known;
    }
    Buffer rendered = renderer.get();
    if (formBytes.addAndGet(rendered.length()) <= formRoomBytes()) {
      forms.put(form, rendered);
    } else {
      formBytes.addAndGet(-rendered.length());
    }
    return rendered;
  }

  private long formRoomBytes() {
    return FORMS_BYTES + FORMS_SHARE * eventBytes;
  }

  /** About what the answer takes in memory at most, its forms included. */
  int weightBytes() {
    return (int) Math.min(Integer.MAX_VALUE, eventBytes + formRoomBytes());
  }

  /** About what one event takes. */
  public static long weightBytes(AnswerEvent event) {
    return BYTES_PER_EVENT
        + switch (event) {
          case AnswerEvent.Prompt prompt -> weightBytes(prompt.tokens());
          case AnswerEvent.Delta delta -> 2L * delta.part().length() + weightBytes(delta.tokens());
          case AnswerEvent.Forwarded forwarded -> 2L * forwarded.piece().json().length();
          case AnswerEvent.ChoiceEnd _ -> 0;
        };
  }

  private static long weightBytes(List<ScoredToken> tokens) {
    long bytes = 0;
    for (var token : tokens) {
      var scores = token.logprobs();
      bytes += BYTES_PER_TOKEN * (scores == null ? 1 : 2 + scores.topTokens().length);
    }
    return bytes;
  }
}
