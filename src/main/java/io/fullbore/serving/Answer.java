package io.fullbore.serving;

import io.fullbore.chat.answer.AnswerParser;
import io.fullbore.core.Failure;
import io.fullbore.core.Origin;
import io.fullbore.core.RequestId;
import io.fullbore.core.Usage;
import io.fullbore.engine.GenerationRequest;
import io.fullbore.limits.Hold;
import io.fullbore.limits.RateHeaders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer under way: its choices, and the one place where it ends. Whatever ends it first (the
 * last choice, a failure, the caller's cancel) wins; later events find it ended. Confined to the
 * API instance's event loop.
 */
public final class Answer {
  private final CompletionService service;
  private final CompletionCall call;
  private final Patience patience;
  private final AnswerSink sink;
  private final List<ChoiceStream> choices = new ArrayList<>();
  private @Nullable ServedModel model;
  private @Nullable Hold hold;
  private Runnable whenEnded = () -> {};
  private boolean accepted;
  private boolean ended;

  Answer(CompletionService service, CompletionCall call, Patience patience, AnswerSink sink) {
    this.service = service;
    this.call = call;
    this.patience = patience;
    this.sink = sink;
  }

  CompletionCall call() {
    return call;
  }

  /** How long the request may stay in the model's queue. */
  Patience patience() {
    return patience;
  }

  AnswerSink sink() {
    return sink;
  }

  boolean ended() {
    return ended;
  }

  /**
   * Ends the answer without telling the sink: its reader is gone. What was computed for it so far
   * is paid for. Harmless when it has ended.
   */
  public void cancel() {
    end();
    settle();
  }

  /** What to run once when the answer ends, however it ends. */
  void onEnd(Runnable action) {
    whenEnded = action;
  }

  /** What was reserved for the answer; settled when it ends, or now where it has ended. */
  void reserved(Hold reserved, RateHeaders headers) {
    if (ended) {
      reserved.release();
    } else {
      hold = reserved;
      sink.onReserved(headers);
    }
  }

  /**
   * @param requests one per choice
   * @param parsers one per choice
   */
  List<ChoiceStream> submitted(
      ServedModel servedModel, List<GenerationRequest> requests, List<AnswerParser> parsers) {
    model = servedModel;
    for (int i = 0; i < requests.size(); i++) {
      choices.add(new ChoiceStream(this, i, requests.get(i), servedModel, parsers.get(i)));
    }
    return choices;
  }

  /** Tells the sink, once, that the request is queued; events may come before the reply does. */
  void accepted() {
    if (!accepted) {
      accepted = true;
      if (model != null) {
        sink.onServedBy(Origin.local(model.name(), model.version()));
      }
      sink.onAccepted();
    }
  }

  /** Called by a choice that has just ended by itself. */
  void choiceEnded() {
    if (choices.stream().allMatch(ChoiceStream::ended)) {
      end();
      settle();
      sink.onEnd(usage());
    }
  }

  /** Every prompt counts once, every choice's tokens count. */
  private Usage usage() {
    int promptTokens = 0;
    int cachedTokens = 0;
    int completionTokens = 0;
    int reasoningTokens = 0;
    for (int i = 0; i < choices.size(); i++) {
      Usage choice = choices.get(i).usage();
      completionTokens += choice.completionTokens();
      reasoningTokens += choice.reasoningTokens();
      if (i % call.choicesPerPrompt() == 0) {
        promptTokens += choice.promptTokens();
        cachedTokens += choice.cachedTokens();
      }
    }
    return new Usage(promptTokens, cachedTokens, completionTokens, reasoningTokens);
  }

  /** The queue took none of the sequences: there is nothing to give back. */
  void refused(Failure failure) {
    choices.forEach(ChoiceStream::abandon);
    fail(failure);
  }

  /** The account may not use so much; nothing is reserved. */
  void limited(Failure failure, RateHeaders headers) {
    if (!ended) {
      end();
      sink.onLimited(failure, headers);
    }
  }

  /** A failure costs nothing, but what was sent before the time was over has been had. */
  void fail(Failure failure) {
    if (!ended) {
      end();
      if (failure instanceof Failure.TimedOut) {
        settle();
      } else if (hold != null) {
        hold.release();
      }
      sink.onFailure(failure);
    }
  }

  /** A stop string ended a choice: the engine need not go on with it. */
  void dropSequence(RequestId id) {
    if (model != null) {
      service.cancel(List.of(id), model.version());
    }
  }

  private void settle() {
    if (hold != null) {
      hold.end(usage());
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      whenEnded.run();
      if (model != null) {
        service.release(choices, model.version());
      }
    }
  }
}
