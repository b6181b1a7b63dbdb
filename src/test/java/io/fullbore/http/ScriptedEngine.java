package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.Usage;
import io.fullbore.engine.Admission;
import io.fullbore.engine.BatchMessage;
import io.fullbore.engine.BusAddresses;
import io.fullbore.engine.GenerationRequest;
import io.fullbore.engine.SequenceEvent;
import io.fullbore.engine.StepEvents;
import io.fullbore.sampling.TokenLogprobs;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Stands at the queue of the test model and does what the test says. */
final class ScriptedEngine extends VerticleBase {
  private final BlockingQueue<List<RequestId>> cancelled = new LinkedBlockingQueue<>();
  private volatile Consumer<Submission> script = submission -> {};

  /** What is done with the next requests. */
  void script(Consumer<Submission> newScript) {
    cancelled.clear();
    script = newScript;
  }

  /** Accepts, answers every choice with the tokens of these texts in turn, and stops. */
  void answer(String... texts) {
    script(
        submission -> {
          submission.accept();
          for (int choice = 0; choice < submission.requests().size(); choice++) {
            submission.tokens(choice, texts[choice % texts.length]);
            submission.finish(choice, FinishReason.STOP);
          }
        });
  }

  /** Accepts, answers with this text and stops; gives the prompts that the model gets. */
  BlockingQueue<String> promptsAnswered(String text) {
    BlockingQueue<String> prompts = new LinkedBlockingQueue<>();
    script(
        submission -> {
          int[] ids = submission.requests().getFirst().prompt();
          prompts.add(TestModel.served().tokenizer().decode(ids));
          submission.accept();
          submission.tokens(0, text);
          submission.finish(0, FinishReason.STOP);
        });
    return prompts;
  }

  /** The ids of the next message that cancels. */
  List<RequestId> awaitCancel() throws InterruptedException {
    List<RequestId> ids = cancelled.poll(5, TimeUnit.SECONDS);
    if (ids == null) {
      throw new AssertionError("nothing was cancelled");
    }
    return ids;
  }

  @Override
  public Future<?> start() {
    return vertx
        .eventBus()
        .<BatchMessage>consumer(BusAddresses.batch(TestModel.VERSION), this::receive)
        .completion();
  }

  private void receive(Message<BatchMessage> message) {
    switch (message.body()) {
      case BatchMessage.Submit submit ->
          script.accept(new Submission(message, submit, new ArrayList<>()));
      case BatchMessage.Cancel cancel -> cancelled.add(cancel.ids());
    }
  }

  /** One answer's choices, waiting for their events; may be driven from any thread. */
  final class Submission {
    private final Message<BatchMessage> message;
    private final List<GenerationRequest> requests;
    private final long maxWaitMs;
    private final List<Integer> tokenCounts;

    Submission(Message<BatchMessage> message, BatchMessage.Submit submit, List<Integer> counts) {
      this.message = message;
      this.requests = submit.requests();
      this.maxWaitMs = submit.maxWaitMs();
      this.tokenCounts = counts;
      requests.forEach(request -> counts.add(0));
    }

    List<GenerationRequest> requests() {
      return requests;
    }

    long maxWaitMs() {
      return maxWaitMs;
    }

    void accept() {
      message.reply(new Admission.Accepted());
    }

    void refuse(String reason, long retryAfterMs) {
      message.reply(new Admission.Refused(reason, retryAfterMs));
    }

    /** The tokens of a text, each in a step of its own. */
    void tokens(int choice, String text) {
      for (int token : TestModel.ids(text)) {
        token(choice, token);
      }
    }

    /** One token, with log-probabilities where asked for: -1/4, and alternatives from 'a' on. */
    void token(int choice, int token) {
      int top = requests.get(choice).params().topLogprobs();
      tokenCounts.set(choice, tokenCounts.get(choice) + 1);
      send(
          new SequenceEvent.Token(
              requests.get(choice).id(), token, top < 0 ? null : scores(token, top)));
    }

    /** The prompt's log-probabilities in two pieces. */
    void scorePrompt(int choice) {
      GenerationRequest request = requests.get(choice);
      List<TokenLogprobs> scored = new ArrayList<>();
      for (int i = 1; i < request.prompt().length; i++) {
        scored.add(scores(request.prompt()[i], request.params().promptLogprobs()));
      }
      int half = scored.size() / 2;
      send(new SequenceEvent.PromptScored(request.id(), scored.subList(0, half)));
      send(new SequenceEvent.PromptScored(request.id(), scored.subList(half, scored.size())));
    }

    private static TokenLogprobs scores(int token, int top) {
      int[] topTokens = new int[top];
      float[] topLogprobs = new float[top];
      for (int i = 0; i < top; i++) {
        topTokens[i] = i == 0 ? token : 'a' + i - 1;
        topLogprobs[i] = i == 0 ? -0.25f : Float.NEGATIVE_INFINITY;
      }
      return new TokenLogprobs(token, -0.25f, topTokens, topLogprobs);
    }

    void finish(int choice, FinishReason reason) {
      GenerationRequest request = requests.get(choice);
      Usage usage = new Usage(request.prompt().length, 2, tokenCounts.get(choice));
      send(new SequenceEvent.Finished(request.id(), reason, usage));
    }

    void fail(int choice, Failure failure) {
      send(new SequenceEvent.Failed(requests.get(choice).id(), failure));
    }

    private void send(SequenceEvent event) {
      vertx.eventBus().send(requests.getFirst().replyTo(), new StepEvents(List.of(event)));
    }
  }
}
