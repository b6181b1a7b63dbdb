package io.fullbore.serving;

import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.limits.RateHeaders;
import io.fullbore.sampling.ScoredToken;
import io.vertx.core.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One answer that is computed once for all who ask the same meanwhile. A reader that comes late
 * gets what was produced so far and then follows; the answer goes on as long as anybody reads it,
 * whoever asked first.
 *
 * <p>Events come on the event loop of the pilot, the API instance that computes; readers live on
 * any. The lock guards the list of readers and the log, and is never held while a reader is called.
 */
final class Flight implements AnswerSink {
  /** Looks after a flight on its event loop. */
  interface Pilot {
    /** The answer is complete. */
    void landed(Flight flight, List<AnswerEvent> events, Usage usage);

    /** The flight ended, or nobody else may join it; called from any thread. */
    void closed(Flight flight);

    /** Nobody reads any more. */
    void abandoned(Flight flight);
  }

  /** One of those who read. */
  static final class Reader {
    private final Context context;
    private final AnswerReader sink;
    private final Runnable again;
    private volatile boolean gone;

    /**
     * @param context of the reader's API instance
     * @param again starts the reader's request once more
     */
    Reader(Context context, AnswerReader sink, Runnable again) {
      this.context = context;
      this.sink = sink;
      this.again = again;
    }

    private void tell(Consumer<AnswerReader> event) {
      if (!gone) {
        event.accept(sink);
      }
    }
  }

  private final Context context;
  private final Pilot pilot;
  private final long maxLogBytes;
  private final List<Reader> readers = new ArrayList<>();
  private final List<AnswerEvent> log = new ArrayList<>();
  private long logBytes;
  private boolean accepted;
  private boolean closed;
  private boolean ended;

  /**
   * @param context the pilot's
   * @param maxLogBytes a longer answer can be neither joined nor remembered
   */
  Flight(Context context, Pilot pilot, long maxLogBytes) {
    this.context = context;
    this.pilot = pilot;
    this.maxLogBytes = maxLogBytes;
  }

  /** Whether it is over; to be asked by the pilot. */
  boolean ended() {
    synchronized (log) {
      return ended;
    }
  }

  /**
   * Takes a reader in, on the reader's own event loop, and tells it what was produced so far.
   *
   * @return false where nobody may join any more
   */
  boolean join(Reader reader) {
    List<AnswerEvent> past;
    boolean acceptedBefore;
    AnswerSource source;
    synchronized (log) {
      if (closed) {
        return false;
      }
      source = readers.isEmpty() ? AnswerSource.MISS : AnswerSource.JOIN;
      readers.add(reader);
      past = List.copyOf(log);
      acceptedBefore = accepted;
    }
    reader.tell(sink -> sink.onSource(source));
    if (acceptedBefore) {
      reader.tell(AnswerSink::onAccepted);
    }
    past.forEach(event -> reader.tell(sink -> replay(event, sink)));
    return true;
  }

  /** Lets a reader go; the last one ends the flight. */
  void leave(Reader reader) {
    synchronized (log) {
      reader.gone = true;
      readers.remove(reader);
      if (!readers.isEmpty() || ended) {
        return;
      }
      ended = true;
    }
    close();
    context.runOnContext(ignored -> pilot.abandoned(this));
  }

  /** Gives a remembered answer to all. */
  void found(StoredAnswer answer) {
    close();
    tell(
        end(),
        sink -> {
          sink.onSource(AnswerSource.HIT_L2);
          sink.onStored(answer);
        });
  }

  /** Concerns whoever asked first, for it is their account that pays. */
  @Override
  public void onReserved(RateHeaders headers) {
    List<Reader> first;
    synchronized (log) {
      first = readers.isEmpty() ? List.of() : List.of(readers.getFirst());
    }
    tell(first, sink -> sink.onReserved(headers));
  }

  @Override
  public void onAccepted() {
    List<Reader> present;
    synchronized (log) {
      accepted = true;
      present = List.copyOf(readers);
    }
    tell(present, AnswerSink::onAccepted);
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    add(new AnswerEvent.Prompt(choice, prompt));
  }

  @Override
  public void onDelta(int choice, String text, List<ScoredToken> tokens) {
    add(new AnswerEvent.Delta(choice, text, tokens));
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    add(new AnswerEvent.ChoiceEnd(choice, reason));
  }

  @Override
  public void onEnd(Usage usage) {
    List<AnswerEvent> events;
    synchronized (log) {
      events = closed ? List.of() : List.copyOf(log);
    }
    if (!events.isEmpty()) {
      pilot.landed(this, events, usage);
    }
    close();
    tell(end(), sink -> sink.onEnd(usage));
  }

  /** What stands against the first one's account alone is no answer for the others. */
  @Override
  public void onFailure(Failure failure) {
    close();
    List<Reader> present = end();
    if (present.isEmpty()) {
      return;
    }
    if (concernsAccount(failure)) {
      tell(present.subList(0, 1), sink -> sink.onFailure(failure));
      for (Reader reader : present.subList(1, present.size())) {
        run(reader, reader.again);
      }
    } else {
      tell(present, sink -> sink.onFailure(failure));
    }
  }

  private static boolean concernsAccount(Failure failure) {
    return switch (failure) {
      case Failure.RateLimited _,
          Failure.BudgetSpent _,
          Failure.Unauthorized _,
          Failure.Forbidden _ ->
          true;
      case Failure.InvalidRequest _,
          Failure.ContextLengthExceeded _,
          Failure.ModelNotFound _,
          Failure.Overloaded _,
          Failure.TimedOut _,
          Failure.EngineFailed _,
          Failure.Unavailable _,
          Failure.Cancelled _ ->
          false;
    };
  }

  private void add(AnswerEvent event) {
    List<Reader> present;
    boolean tooLong = false;
    synchronized (log) {
      if (!closed) {
        log.add(event);
        logBytes += StoredAnswer.weightBytes(event);
        tooLong = logBytes > maxLogBytes;
      }
      present = List.copyOf(readers);
    }
    if (tooLong) {
      close();
    }
    tell(present, sink -> replay(event, sink));
  }

  private static void replay(AnswerEvent event, AnswerSink sink) {
    switch (event) {
      case AnswerEvent.Prompt(int choice, List<ScoredToken> tokens) ->
          sink.onPrompt(choice, tokens);
      case AnswerEvent.Delta(int choice, String text, List<ScoredToken> tokens) ->
          sink.onDelta(choice, text, tokens);
      case AnswerEvent.ChoiceEnd(int choice, FinishReason reason) ->
          sink.onChoiceEnd(choice, reason);
    }
  }

  /** Nobody joins from now on, and what was produced is forgotten. */
  private void close() {
    synchronized (log) {
      if (closed) {
        return;
      }
      closed = true;
      log.clear();
    }
    pilot.closed(this);
  }

  /** The readers to tell the end to: none where it has ended before. */
  private List<Reader> end() {
    synchronized (log) {
      ended = true;
      List<Reader> present = List.copyOf(readers);
      readers.clear();
      return present;
    }
  }

  private void tell(List<Reader> present, Consumer<AnswerReader> event) {
    for (Reader reader : present) {
      run(reader, () -> reader.tell(event));
    }
  }

  private void run(Reader reader, Runnable action) {
    if (reader.context == context) {
      action.run();
    } else {
      reader.context.runOnContext(ignored -> action.run());
    }
  }
}
