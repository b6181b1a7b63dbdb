package io.fullbore.serving;

import io.fullbore.chat.ChatTemplateException;
import io.fullbore.chat.RenderedPrompt;
import io.fullbore.chat.answer.AnswerParser;
import io.fullbore.chat.answer.AnswerSyntax;
import io.fullbore.core.Constraint;
import io.fullbore.core.Failure;
import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import io.fullbore.sampling.grammar.GrammarException;
import io.fullbore.tokenizer.Piece;
import io.fullbore.tokenizer.Tokenizer;
import io.fullbore.tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Turns a call's prompts into token ids and checks that prompt and answer fit the model's context.
 * Runs on worker threads; has no state.
 */
public final class PromptEncoder {
  private PromptEncoder() {}

  /** What became of a call's prompts. */
  sealed interface Encoded {
    /** One entry per choice. */
    record Ready(List<GenerationSpec> specs) implements Encoded {}

    record Failed(Failure failure) implements Encoded {}
  }

  static Encoded encode(CompletionCall call, ServedModel model) {
    Failure unusable = unusableGuidance(call.sampling().guidance(), model);
    if (unusable != null) {
      return new Encoded.Failed(unusable);
    }
    long seed =
        call.sampling().seed() != null
            ? call.sampling().seed()
            : ThreadLocalRandom.current().nextLong();
    List<GenerationSpec> specs = new ArrayList<>();
    for (Prompt prompt : call.prompts()) {
      Failure unread =
          prompt instanceof Prompt.Chat chat ? ChatRendering.unread(chat, model) : null;
      if (unread != null) {
        return new Encoded.Failed(unread);
      }
      Rendered rendered;
      try {
        rendered = rendered(prompt, model);
      } catch (ChatTemplateException e) {
        return failed(
            "The model's chat template does not take these messages: " + e.getMessage(),
            "messages");
      }
      int[] ids = rendered.ids();
      Failure misfit = misfit(ids, prompt, call, model);
      if (misfit != null) {
        return new Encoded.Failed(misfit);
      }
      SamplingParams params = params(call, model, ids.length);
      for (int choice = 0; choice < call.choicesPerPrompt(); choice++) {
        RequestId id = RequestId.random(ThreadLocalRandom.current());
        specs.add(
            new GenerationSpec(
                id, ids, params.withSeed(seed++), rendered.parsers().apply(new CallIds(id))));
      }
    }
    return new Encoded.Ready(specs);
  }

  /** Compiles the grammar, so that the engine finds it there. */
  private static @Nullable Failure unusableGuidance(
      CompletionCall.@Nullable Guidance guidance, ServedModel model) {
    if (guidance == null) {
      return null;
    }
    try {
      model.grammars().compile(guidance.constraint());
      return null;
    } catch (GrammarException e) {
      return new Failure.InvalidRequest(
          "Invalid value for '%s': %s.".formatted(guidance.param(), e.getMessage()),
          guidance.param(),
          "invalid_value");
    }
  }

  /**
   * A prompt as it reaches the model.
   *
   * @param parsers makes the parser of one answer to it, which names calls
   */
  private record Rendered(int[] ids, Function<CallIds, AnswerParser> parsers) {}

  private static Rendered rendered(Prompt prompt, ServedModel model) {
    return switch (prompt) {
      case Prompt.Chat chat -> {
        RenderedPrompt rendered = ChatRendering.render(chat, model, true);
        AnswerSyntax syntax = model.template().syntax();
        boolean inReasoning = syntax.opensReasoning(rendered.text());
        ToolOffer tools = chat.tools();
        yield new Rendered(
            ids(rendered, model),
            ids -> syntax.parser(tools.names(), !tools.parallel(), inReasoning, ids));
      }
      case Prompt.Text(String text) ->
          plain(withBos(model.tokenizer(), model.tokenizer().encode(text)));
      case Prompt.Tokens(List<Integer> ids) ->
          plain(ids.stream().mapToInt(Integer::intValue).toArray());
    };
  }

  private static Rendered plain(int[] ids) {
    return new Rendered(ids, named -> AnswerSyntax.PLAIN.parser(Set.of(), false, false, named));
  }

  /**
   * The ids of a conversation.
   *
   * @param addGenerationPrompt whether the answer's beginning follows
   * @throws ChatTemplateException where the template does not take the messages
   */
  public static int[] chatIds(Prompt.Chat chat, ServedModel model, boolean addGenerationPrompt) {
    return ids(ChatRendering.render(chat, model, addGenerationPrompt), model);
  }

  private static int[] ids(RenderedPrompt rendered, ServedModel model) {
    Tokenizer tokenizer = model.tokenizer();
    List<Piece> pieces =
        rendered.spans().stream().map(span -> new Piece(span.text(), !span.fromMessage())).toList();
    int[] ids = tokenizer.encode(pieces);
    Vocabulary vocabulary = tokenizer.vocabulary();
    boolean startsWithBos =
        ids.length > 0 && vocabulary.bosId().isPresent() && ids[0] == vocabulary.bosId().getAsInt();
    return startsWithBos ? ids : withBos(tokenizer, ids);
  }

  /** Puts the beginning-of-sequence token in front where the vocabulary asks for it. */
  public static int[] withBos(Tokenizer tokenizer, int[] ids) {
    Vocabulary vocabulary = tokenizer.vocabulary();
    if (!vocabulary.addBos() || vocabulary.bosId().isEmpty()) {
      return ids;
    }
    int[] withBos = new int[ids.length + 1];
    withBos[0] = vocabulary.bosId().getAsInt();
    System.arraycopy(ids, 0, withBos, 1, ids.length);
    return withBos;
  }

  private static @Nullable Failure misfit(
      int[] ids, Prompt prompt, CompletionCall call, ServedModel model) {
    String param = prompt instanceof Prompt.Chat ? "messages" : "prompt";
    if (ids.length == 0) {
      return new Failure.InvalidRequest(
          "'%s' holds no token; give at least one.".formatted(param), param, "invalid_value");
    }
    int vocabularySize = model.tokenizer().vocabulary().size();
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        return new Failure.InvalidRequest(
            "'%s' holds the token id %d; allowed are 0 to %d."
                .formatted(param, id, vocabularySize - 1),
            param,
            "invalid_value");
      }
    }
    for (int id : call.sampling().logitBias().keySet()) {
      if (id < 0 || id >= vocabularySize) {
        return new Failure.InvalidRequest(
            "'logit_bias' names the token id %d; allowed are 0 to %d."
                .formatted(id, vocabularySize - 1),
            "logit_bias",
            "invalid_value");
      }
    }
    int answerTokens = call.maxTokens() == null ? 1 : call.maxTokens();
    if ((long) ids.length + answerTokens > model.contextTokens()) {
      return new Failure.ContextLengthExceeded(model.contextTokens(), ids.length, answerTokens);
    }
    return null;
  }

  private static SamplingParams params(CompletionCall call, ServedModel model, int promptTokens) {
    CompletionCall.Sampling sampling = call.sampling();
    Set<Integer> stopTokens = new HashSet<>(sampling.stopTokenIds());
    if (!sampling.ignoreEos()) {
      stopTokens.addAll(model.tokenizer().vocabulary().endOfGenerationIds());
    }
    Integer maxTokens = call.maxTokens();
    CompletionCall.Guidance guidance = sampling.guidance();
    Constraint constraint = guidance == null ? null : guidance.constraint();
    return new SamplingParams(
        sampling.temperature(),
        sampling.topK(),
        sampling.topP(),
        sampling.minP(),
        sampling.presencePenalty(),
        sampling.frequencyPenalty(),
        sampling.repetitionPenalty(),
        Map.copyOf(sampling.logitBias()),
        0,
        maxTokens == null ? model.contextTokens() - promptTokens : maxTokens,
        stopTokens,
        sampling.topLogprobs(),
        sampling.promptLogprobs(),
        constraint);
  }

  private static Encoded failed(String message, String param) {
    return new Encoded.Failed(new Failure.InvalidRequest(message, param, "invalid_value"));
  }
}
