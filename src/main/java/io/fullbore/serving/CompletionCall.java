package io.fullbore.serving;

import io.fullbore.core.Account;
import io.fullbore.core.Constraint;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A validated request for text, free of any wire format. Every prompt gets {@code choicesPerPrompt}
 * answers; the choice's index counts through them: prompt 0's choices first.
 *
 * @param model the model's name as the caller wrote it
 * @param account who it is counted for
 * @param prompts at least one
 * @param choicesPerPrompt at least 1
 * @param sampling how tokens are chosen
 * @param stops strings that end a choice; they are not part of the answer
 * @param maxTokens tokens per choice, or null for all that the context leaves
 */
public record CompletionCall(
    String model,
    Account account,
    List<Prompt> prompts,
    int choicesPerPrompt,
    Sampling sampling,
    List<String> stops,
    @Nullable Integer maxTokens) {

  public CompletionCall {
    prompts = List.copyOf(prompts);
    stops = List.copyOf(stops);
    if (prompts.isEmpty() || choicesPerPrompt < 1) {
      throw new IllegalArgumentException(
          "prompts=%d choicesPerPrompt=%d: there must be a prompt and a choice"
              .formatted(prompts.size(), choicesPerPrompt));
    }
  }

  /** Salt of the prefix cache: keys do not see each other's prompts. */
  public String tenant() {
    return account.caller().keyId();
  }

  /** Whether the same call gives the same answer every time. */
  public boolean deterministic() {
    return sampling.temperature() == 0 || sampling.seed() != null;
  }

  /** Whether the answer may call tools. */
  public boolean offersTools() {
    return prompts.stream()
        .anyMatch(prompt -> prompt instanceof Prompt.Chat chat && !chat.tools().isEmpty());
  }

  /** Choices of all prompts together. */
  public int choiceCount() {
    return prompts.size() * choicesPerPrompt;
  }

  /**
   * What the caller said of sampling; see {@link io.fullbore.core.SamplingParams}.
   *
   * @param seed null for a new random seed
   * @param stopTokenIds ids that end a choice beside the model's own
   * @param ignoreEos whether the model's own end tokens are ordinary tokens
   * @param topLogprobs -1 for no log-probabilities
   * @param promptLogprobs -1 for none of the prompt
   * @param guidance what the answer's text must be; null for anything
   */
  public record Sampling(
      float temperature,
      int topK,
      float topP,
      float minP,
      float presencePenalty,
      float frequencyPenalty,
      float repetitionPenalty,
      Map<Integer, Float> logitBias,
      @Nullable Long seed,
      Set<Integer> stopTokenIds,
      boolean ignoreEos,
      int topLogprobs,
      int promptLogprobs,
      @Nullable Guidance guidance) {
    public Sampling {
      logitBias = Map.copyOf(logitBias);
      stopTokenIds = Set.copyOf(stopTokenIds);
    }

    /** Without guidance. */
    public Sampling(
        float temperature,
        int topK,
        float topP,
        float minP,
        float presencePenalty,
        float frequencyPenalty,
        float repetitionPenalty,
        Map<Integer, Float> logitBias,
        @Nullable Long seed,
        Set<Integer> stopTokenIds,
        boolean ignoreEos,
        int topLogprobs,
        int promptLogprobs) {
      this(
          temperature,
          topK,
          topP,
          minP,
          presencePenalty,
          frequencyPenalty,
          repetitionPenalty,
          logitBias,
          seed,
          stopTokenIds,
          ignoreEos,
          topLogprobs,
          promptLogprobs,
          null);
    }

    /** Plain sampling at temperature 1. */
    public static Sampling defaults() {
      return new Sampling(1, 0, 1, 0, 0, 0, 1, Map.of(), null, Set.of(), false, -1, -1);
    }
  }

  /**
   * What the caller said of the answer's text.
   *
   * @param param the parameter that says it
   */
  public record Guidance(Constraint constraint, String param) {}
}
