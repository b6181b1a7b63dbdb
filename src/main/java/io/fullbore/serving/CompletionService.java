package io.fullbore.serving;

import io.fullbore.chat.answer.AnswerParser;
import io.fullbore.core.Failure;
import io.fullbore.core.RequestId;
import io.fullbore.engine.Admission;
import io.fullbore.engine.BatchMessage;
import io.fullbore.engine.BusAddresses;
import io.fullbore.engine.GenerationRequest;
import io.fullbore.engine.QueueStatus;
import io.fullbore.engine.SequenceEvent;
import io.fullbore.engine.StepEvents;
import io.fullbore.limits.Admittance;
import io.fullbore.limits.Hold;
import io.fullbore.limits.Limits;
import io.fullbore.limits.RateHeaders;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.ReplyException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one request, from validated parameters to its one terminal event:
 *
 * <pre>
 *   find the model -> render and tokenise (worker thread) -> check that it fits
 *     -> reserve tokens and money -> submit to the model's queue -> token events -> text -> the caller's sink
 * </pre>
 *
 * <p>One instance per API instance, on its event loop; nothing here blocks. Every started answer
 * ends exactly once, also when the caller cancels, and what it held is given back.
 */
public final class CompletionService {
  private static final Logger LOG = LoggerFactory.getLogger(CompletionService.class);

  /** Prompts that one instance renders and tokenises at a time; more are refused. */
  private static final int MAX_PREPARING = 256;

  private static final long PREPARING_RETRY_MS = 1_000;

  private final Vertx vertx;
  private final String replyTo;
  private final SortedMap<String, ServedModel> models;
  private final Limits limits;
  private final long requestTimeoutMs;
  private final Map<RequestId, ChoiceStream> streams = new HashMap<>();
  private final Map<String, QueueStatus> queues = new HashMap<>(); // by version
  private int preparing;

  /**
   * @param instance names the API instance on the bus
   * @param models by name
   * @param limits what accounts may use
   * @param requestTimeoutMs an answer that is not complete after this time fails, waiting included
   */
  public CompletionService(
      Vertx vertx,
      String instance,
      SortedMap<String, ServedModel> models,
      Limits limits,
      long requestTimeoutMs) {
    this.vertx = vertx;
    this.replyTo = BusAddresses.api(instance);
    this.models = models;
    this.limits = limits;
    this.requestTimeoutMs = requestTimeoutMs;
  }

  /** Listens for events; call once before the first request. */
  public Future<Void> start() {
    var events =
        vertx.eventBus().<StepEvents>consumer(replyTo, message -> deliver(message.body().events()));
    var fullness =
        vertx
            .eventBus()
            .<QueueStatus>consumer(
                BusAddresses.BATCH_STATUS,
                message -> queues.put(message.body().version(), message.body()));
    return Future.all(events.completion(), fullness.completion()).mapEmpty();
  }

  /** All models, by name. */
  public SortedMap<String, ServedModel> models() {
    return models;
  }

  /** Sequences that have not ended. */
  public int activeSequences() {
    return streams.size();
  }

  /** Starts an answer; its events go to {@code sink}. The caller may cancel it at any time. */
  public Answer complete(CompletionCall call, AnswerSink sink) {
    return complete(call, call.model(), Patience.UNLIMITED, sink);
  }

  /**
   * The same with another model than the call names, and for a caller who may ask somebody else.
   *
   * @param patience how long the request may stay in the queue; then it fails as overloaded
   */
  Answer complete(CompletionCall call, String modelName, Patience patience, AnswerSink sink) {
    Answer answer = new Answer(this, call, patience, sink);
    ServedModel model = models.get(modelName);
    if (model == null) {
      answer.fail(new Failure.ModelNotFound(modelName, String.join(", ", models.keySet())));
    } else if (queues.get(model.version()) instanceof QueueStatus queue && queue.full()) {
      answer.fail(
          new Failure.Overloaded(
              "The queue of model '%s' is full.".formatted(model.name()), queue.retryAfterMs()));
    } else if (preparing >= MAX_PREPARING) {
      answer.fail(new Failure.Overloaded("Too many requests arrive at once.", PREPARING_RETRY_MS));
    } else {
      answer.onEnd(cancelTimer(vertx.setTimer(requestTimeoutMs, timer -> timeOut(answer))));
      prepare(answer, model);
    }
    return answer;
  }

  private Runnable cancelTimer(long timer) {
    return () -> vertx.cancelTimer(timer);
  }

  private void timeOut(Answer answer) {
    answer.fail(
        new Failure.TimedOut("The answer was not complete in %d ms.".formatted(requestTimeoutMs)));
  }

  private void prepare(Answer answer, ServedModel model) {
    preparing++;
    vertx
        .executeBlocking(() -> PromptEncoder.encode(answer.call(), model), false)
        .onComplete(
            encoded -> {
              preparing--;
              if (answer.ended()) {
                return;
              }
              if (encoded.failed()) {
                answer.fail(
                    new Failure.EngineFailed("Preparing the prompt failed; see the server's log."));
                throw new IllegalStateException("preparing a prompt failed", encoded.cause());
              }
              switch (encoded.result()) {
                case PromptEncoder.Encoded.Failed(Failure failure) -> answer.fail(failure);
                case PromptEncoder.Encoded.Ready(List<GenerationSpec> specs) ->
                    reserve(answer, model, specs);
              }
            });
  }

  private void reserve(Answer answer, ServedModel model, List<GenerationSpec> specs) {
    limits
        .reserve(
            answer.call().account(),
            model.name(),
            promptTokens(answer.call(), specs),
            specs.stream().mapToLong(spec -> spec.params().maxTokens()).sum())
        .onComplete(
            reserved -> {
              if (reserved.failed()) {
                answer.fail(
                    new Failure.EngineFailed("Counting the tokens failed; see the server's log."));
                throw new IllegalStateException("reserving tokens failed", reserved.cause());
              }
              switch (reserved.result()) {
                case Admittance.Refused(Failure failure, RateHeaders headers) ->
                    answer.limited(failure, headers);
                case Admittance.Granted(Hold hold, RateHeaders headers) -> {
                  answer.reserved(hold, headers);
                  if (!answer.ended()) {
                    submit(answer, model, specs);
                  }
                }
              }
            });
  }

  /** Every prompt counts once, as it does in the answer's usage. */
  private static long promptTokens(CompletionCall call, List<GenerationSpec> specs) {
    long tokens = 0;
    for (int i = 0; i < specs.size(); i += call.choicesPerPrompt()) {
      tokens += specs.get(i).prompt().length;
    }
    return tokens;
  }

  private void submit(Answer answer, ServedModel model, List<GenerationSpec> specs) {
    List<GenerationRequest> requests =
        specs.stream().map(spec -> spec.request(replyTo, answer.call().tenant())).toList();
    List<AnswerParser> parsers = specs.stream().map(GenerationSpec::parser).toList();
    answer.submitted(model, requests, parsers).forEach(stream -> streams.put(stream.id(), stream));
    vertx
        .eventBus()
        .<Admission>request(
            BusAddresses.batch(model.version()),
            answer.patience().submit(requests),
            answer.patience().delivery())
        .onComplete(
            reply -> {
              if (answer.ended()) {
                return;
              }
              if (reply.failed()) {
                answer.fail(unavailable(model, reply.cause()));
                return;
              }
              switch (reply.result().body()) {
                case Admission.Accepted() -> answer.accepted();
                case Admission.Refused(String reason, long retryAfterMs) ->
                    answer.refused(new Failure.Overloaded(reason, retryAfterMs));
              }
            });
  }

  private static Failure unavailable(ServedModel model, Throwable cause) {
    String why =
        cause instanceof ReplyException reply ? reply.failureType().name() : cause.getMessage();
    return new Failure.Unavailable(
        "The model '%s' does not answer now (%s).".formatted(model.name(), why));
  }

  private void deliver(List<SequenceEvent> events) {
    for (SequenceEvent event : events) {
      ChoiceStream stream = streams.get(event.id());
      if (stream != null) {
        deliver(stream, event);
      }
    }
  }

  /** An answer whose text or sink is at fault fails alone. */
  private static void deliver(ChoiceStream stream, SequenceEvent event) {
    try {
      stream.accept(event);
    } catch (RuntimeException e) {
      LOG.error("an answer failed while sequence={} was delivered", event.id(), e);
      stream.answer().fail(new Failure.EngineFailed("The answer failed; see the server's log."));
    }
  }

  /** Forgets the streams of an answer and drops those the engine may still run. */
  void release(List<ChoiceStream> ended, String version) {
    List<RequestId> running =
        ended.stream().filter(stream -> !stream.ended()).map(ChoiceStream::id).toList();
    ended.forEach(stream -> streams.remove(stream.id()));
    if (!running.isEmpty()) {
      cancel(running, version);
    }
  }

  /** Tells the engine that nobody wants more of these sequences. */
  void cancel(List<RequestId> ids, String version) {
    vertx.eventBus().send(BusAddresses.batch(version), new BatchMessage.Cancel(ids));
  }
}
