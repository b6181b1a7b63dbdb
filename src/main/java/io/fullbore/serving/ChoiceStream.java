package io.fullbore.serving;

import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.Usage;
import io.fullbore.engine.GenerationRequest;
import io.fullbore.engine.SequenceEvent;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import io.fullbore.tokenizer.Detokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * One choice of an answer: turns its token events into text, finds stop strings, and tells the
 * sink. Confined to the API instance's event loop.
 */
final class ChoiceStream {
  private final Answer answer;
  private final int index;
  private final GenerationRequest request;
  private final Detokenizer detokenizer;
  private final StopMatcher stops;
  private final List<ScoredToken> prompt = new ArrayList<>();
  private int cachedTokens;
  private int tokenCount;
  private Usage usage;
  private boolean ended;

  ChoiceStream(Answer answer, int index, GenerationRequest request, ServedModel model) {
    this.answer = answer;
    this.index = index;
    this.request = request;
    this.detokenizer = model.tokenizer().detokenizer(false, false);
    this.stops = new StopMatcher(answer.call().stops());
    this.usage = new Usage(0, 0, 0);
  }

  RequestId id() {
    return request.id();
  }

  boolean ended() {
    return ended;
  }

  /** Tokens of this choice so far; none of them before the prompt is computed. */
  Usage usage() {
    return usage;
  }

  Answer answer() {
    return answer;
  }

  /** Counts as ended without an event: the engine never had it. */
  void abandon() {
    ended = true;
  }

  void accept(SequenceEvent event) {
    if (ended || answer.ended()) {
      return;
    }
    answer.accepted();
    if (request.params().promptLogprobs() >= 0 && request.prompt().length == 1) {
      addPrompt(List.of());
    }
    switch (event) {
      case SequenceEvent.PromptScored scored -> addPrompt(scored.logprobs());
      case SequenceEvent.PromptComputed computed -> {
        cachedTokens = computed.cachedTokens();
        usage = used();
      }
      case SequenceEvent.Token token -> addToken(token);
      case SequenceEvent.Finished finished -> {
        flush();
        usage = finished.usage();
        end(finished.reason());
      }
      case SequenceEvent.Failed failed -> answer.fail(failed.failure());
    }
  }

  private void addPrompt(List<TokenLogprobs> logprobs) {
    if (prompt.size() == request.prompt().length) {
      return;
    }
    if (prompt.isEmpty()) {
      prompt.add(new ScoredToken(request.prompt()[0], null));
    }
    logprobs.forEach(scored -> prompt.add(new ScoredToken(scored.token(), scored)));
    if (prompt.size() == request.prompt().length) {
      answer.sink().onPrompt(index, List.copyOf(prompt));
    }
  }

  private void addToken(SequenceEvent.Token token) {
    tokenCount++;
    usage = used();
    String shown = stops.accept(detokenizer.accept(token.token()));
    answer.sink().onDelta(index, shown, List.of(new ScoredToken(token.token(), token.logprobs())));
    if (stops.stopped()) {
      answer.dropSequence(id());
      end(FinishReason.STOP);
    }
  }

  private Usage used() {
    return new Usage(request.prompt().length, cachedTokens, tokenCount);
  }

  /** Shows what was held back: an unfinished character, the beginning of a stop string. */
  private void flush() {
    String rest = stops.accept(detokenizer.flush()) + stops.flush();
    if (!rest.isEmpty()) {
      answer.sink().onDelta(index, rest, List.of());
    }
  }

  private void end(FinishReason reason) {
    ended = true;
    if (!answer.ended()) {
      answer.sink().onChoiceEnd(index, reason);
      answer.choiceEnded();
    }
  }
}
