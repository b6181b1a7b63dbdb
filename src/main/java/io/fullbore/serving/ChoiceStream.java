package io.fullbore.serving;

import io.fullbore.chat.answer.AnswerParser;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.Usage;
import io.fullbore.engine.GenerationRequest;
import io.fullbore.engine.SequenceEvent;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import io.fullbore.tokenizer.Detokenizer;
import io.fullbore.tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.List;

/**
 * One choice of an answer, confined to the API instance's event loop:
 *
 * <pre>
 *   token events -> text and control tokens -> reasoning, calls of tools, text -> stop strings -> the sink
 * </pre>
 *
 * <p>Stop strings are found in the text alone: neither reasoning nor the arguments of a call are
 * cut by them.
 */
final class ChoiceStream {
  private final Answer answer;
  private final int index;
  private final GenerationRequest request;
  private final Vocabulary vocabulary;
  private final Detokenizer detokenizer;
  private final AnswerParser parser;
  private final StopMatcher stops;
  private final List<ScoredToken> prompt = new ArrayList<>();
  private int cachedTokens;
  private int tokenCount;
  private int reasoningCount;
  private Usage usage;
  private boolean ended;

  ChoiceStream(
      Answer answer, int index, GenerationRequest request, ServedModel model, AnswerParser parser) {
    this.answer = answer;
    this.index = index;
    this.request = request;
    this.vocabulary = model.tokenizer().vocabulary();
    this.parser = parser;
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
        Usage counted = finished.usage();
        usage =
            new Usage(
                counted.promptTokens(),
                counted.cachedTokens(),
                counted.completionTokens(),
                reasoningCount);
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
    boolean thought = parser.inReasoning();
    List<AnswerPart> parts = parts(token.token());
    tokenCount++;
    reasoningCount += thought || parser.inReasoning() ? 1 : 0;
    usage = used();
    tell(parts, List.of(new ScoredToken(token.token(), token.logprobs())));
    if (stops.stopped() || parser.isOver()) {
      answer.dropSequence(id());
      flush();
      end(FinishReason.STOP);
    }
  }

  private List<AnswerPart> parts(int token) {
    if (!vocabulary.type(token).isSpecial() || !parser.isMarker(vocabulary.text(token))) {
      return parser.accept(detokenizer.accept(token));
    }
    List<AnswerPart> parts = new ArrayList<>(parser.accept(detokenizer.flush()));
    parts.addAll(parser.control(vocabulary.text(token)));
    return parts;
  }

  /**
   * Tells the sink of parts, up to a stop string.
   *
   * @param tokens come with the first of them, or alone
   */
  private void tell(List<AnswerPart> parts, List<ScoredToken> tokens) {
    List<ScoredToken> untold = tokens;
    for (AnswerPart part : parts) {
      if (stops.stopped()) {
        break;
      }
      boolean isText = part instanceof AnswerPart.Text;
      String text =
          part instanceof AnswerPart.Text(String more) ? stops.accept(more) : stops.flush();
      if (!text.isEmpty()) {
        answer.sink().onDelta(index, new AnswerPart.Text(text), untold);
        untold = List.of();
      }
      if (!isText) {
        answer.sink().onDelta(index, part, untold);
        untold = List.of();
      }
    }
    if (!untold.isEmpty()) {
      answer.sink().onDelta(index, new AnswerPart.Text(""), untold);
    }
  }

  private Usage used() {
    return new Usage(request.prompt().length, cachedTokens, tokenCount, reasoningCount);
  }

  /** Shows what was held back: an unfinished character, the beginning of a marker or a stop. */
  private void flush() {
    tell(parser.accept(detokenizer.flush()), List.of());
    tell(parser.finish(), List.of());
    String rest = stops.flush();
    if (!rest.isEmpty()) {
      answer.sink().onDelta(index, new AnswerPart.Text(rest), List.of());
    }
  }

  private void end(FinishReason reason) {
    ended = true;
    if (!answer.ended()) {
      boolean called = reason == FinishReason.STOP && parser.called();
      answer.sink().onChoiceEnd(index, called ? FinishReason.TOOL_CALLS : reason);
      answer.choiceEnded();
    }
  }
}
