package io.fullbore.cache;

import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.vertx.core.buffer.Buffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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

  /** The forms take about this many times an event's own bytes. */
  private static final long FORMS_SHARE = 4;

  private final List<AnswerEvent> events;
  private final Usage usage;
  private final long storedEpochMs;
  private final boolean knowledge;
  private final Map<Form, Buffer> forms = new EnumMap<>(Form.class);

  /**
   * @param events all of them, in order
   * @param storedEpochMs when the answer was complete
   * @param knowledge whether it never expires
   */
  public StoredAnswer(
      List<AnswerEvent> events, Usage usage, long storedEpochMs, boolean knowledge) {
    this.events = List.copyOf(events);
    this.usage = usage;
    this.storedEpochMs = storedEpochMs;
    this.knowledge = knowledge;
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

  /** The same answer as one of the knowledge base. */
  public StoredAnswer inKnowledge() {
    return new StoredAnswer(events, usage, storedEpochMs, true);
  }

  /** The answer in one form, rendered at most once by whoever asks first. Not to be changed. */
  public synchronized Buffer form(Form form, Supplier<Buffer> renderer) {
    Buffer known = forms.get(form);
    if (known == null) {
      known = renderer.get();
      forms.put(form, known);
    }
    return known;
  }

  /** About what the answer takes in memory, its forms included. */
  int weightBytes() {
    long bytes = 0;
    for (AnswerEvent event : events) {
      bytes += weightBytes(event);
    }
    return (int) Math.min(Integer.MAX_VALUE, FORMS_SHARE * bytes);
  }

  /** About what one event takes. */
  public static long weightBytes(AnswerEvent event) {
    return BYTES_PER_EVENT
        + switch (event) {
          case AnswerEvent.Prompt prompt -> weightBytes(prompt.tokens());
          case AnswerEvent.Delta delta -> 2L * delta.text().length() + weightBytes(delta.tokens());
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
