package io.fullbore.serving;

import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Account;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
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
    void landed(List<AnswerEvent> events, Usage usage, Origin origin);

    /** The flight ended, or nobody else may join it; called from any thread. */
    void closed(Flight flight);

    /** Nobody reads any more. */
    void abandoned(Flight flight);
  }

  /** One of those who read. */
  static final class Reader {
    private final Context context;
    private final Account account;
    private final AnswerReader sink;
    private final Runnable again;
    private volatile boolean gone;

    /**
     * @param context of the reader's API instance
     * @param account who asks
     * @param again starts the reader's request once more
     */
    Reader(Context context, Account account, AnswerReader sink, Runnable again) {
      this.context = context;
      this.account = account;
      this.sink = sink;
      this.again = again;
    }

    private void tell(Consumer<AnswerReader> event) {
      if (!gone) {
        event.accept(sink);
      }
    }
  }

  /** Nobody has been asked yet. */
  private static final Origin UNKNOWN = new Origin("", "", null);

  private final Context context;
  private final Account payer;
  private final Pilot pilot;
  private final long maxLogBytes;
  private final List<AnswerEvent> log = new ArrayList<>();

  /** Replaced, never changed. */
  private List<Reader> readers = List.of();

  private Origin origin = UNKNOWN;
  private long logBytes;
  private boolean accepted;
  private boolean closed;
  private boolean ended;

  /**
   * @param context the pilot's
   * @param payer whose tokens and money are used
   * @param maxLogBytes a longer answer can be neither joined nor remembered
   */
  Flight(Context context, Account payer, Pilot pilot, long maxLogBytes) {
    this.context = context;
    this.payer = payer;
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
    Origin asked;
    AnswerSource source;
    synchronized (log) {
      if (closed) {
        return false;
      }
      source = readers.isEmpty() ? AnswerSource.MISS : AnswerSource.JOIN;
      var more = new ArrayList<>(readers);
      more.add(reader);
      readers = List.copyOf(more);
      past = List.copyOf(log);
      acceptedBefore = accepted;
      asked = origin;
    }
    reader.tell(sink -> sink.onSource(source));
    if (asked != UNKNOWN) {
      reader.tell(sink -> sink.onServedBy(asked));
    }
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
      readers = readers.stream().filter(other -> other != reader).toList();
      if (!readers.isEmpty() || ended) {
        return;
      }
      ended = true;
      closed = true;
      log.clear();
    }
    pilot.closed(this);
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

  /** Concerns those alone whose account pays. */
  @Override
  public void onReserved(RateHeaders headers) {
    tell(payers(), sink -> sink.onReserved(headers));
  }

  /** No answer for those who may pay for themselves: they begin again. */
  @Override
  public void onLimited(Failure failure, RateHeaders headers) {
    close();
    for (Reader reader : end()) {
      if (paysFor(reader)) {
        run(reader, () -> reader.tell(sink -> sink.onLimited(failure, headers)));
      } else {
        run(reader, reader.again);
      }
    }
  }

  private List<Reader> payers() {
    return present().stream().filter(this::paysFor).toList();
  }

  private boolean paysFor(Reader reader) {
    return reader.account.scope().equals(payer.scope());
  }

  private List<Reader> present() {
    synchronized (log) {
      return readers;
    }
  }

  @Override
  public void onServedBy(Origin asked) {
    List<Reader> present;
    synchronized (log) {
      origin = asked;
      present = readers;
    }
    tell(present, sink -> sink.onServedBy(asked));
  }

  @Override
  public void onForwarded(ForwardedPiece piece) {
    add(new AnswerEvent.Forwarded(piece));
  }

  @Override
  public void onAccepted() {
    List<Reader> present;
    synchronized (log) {
      accepted = true;
      present = readers;
    }
    tell(present, AnswerSink::onAccepted);
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    add(new AnswerEvent.Prompt(choice, prompt));
  }

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    add(new AnswerEvent.Delta(choice, part, tokens));
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    add(new AnswerEvent.ChoiceEnd(choice, reason));
  }

  @Override
  public void onEnd(Usage usage) {
    List<AnswerEvent> events;
    Origin from;
    synchronized (log) {
      events = closed ? List.of() : List.copyOf(log);
      from = origin;
    }
    if (!events.isEmpty()) {
      pilot.landed(events, usage, from);
    }
    close();
    tell(end(), sink -> sink.onEnd(usage));
  }

  @Override
  public void onFailure(Failure failure) {
    close();
    tell(end(), sink -> sink.onFailure(failure));
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
      present = readers;
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
      case AnswerEvent.Delta(int choice, AnswerPart part, List<ScoredToken> tokens) ->
          sink.onDelta(choice, part, tokens);
      case AnswerEvent.Forwarded(ForwardedPiece piece) -> sink.onForwarded(piece);
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
      List<Reader> present = readers;
      readers = List.of();
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
