package io.fullbore.core;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the next token is chosen, and when a sequence ends.
 *
 * @param temperature 0 is greedy; else logits are divided by it
 * @param topK keep the k likeliest tokens; 0 keeps all
 * @param topP keep the smallest set of likeliest tokens whose probability reaches p; 1 keeps all
 * @param minP drop tokens less likely than {@code minP} times the likeliest; 0 keeps all
 * @param presencePenalty subtracted once from each token generated so far
 * @param frequencyPenalty subtracted per occurrence from each token generated so far
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens in prompt or
 *     answer; 1 is off
 * @param logitBias added to the logits of these token ids
 * @param seed same seed and same prompt give the same tokens
 * @param maxTokens tokens generated at most, at least 0 (0: only the prompt is evaluated)
 * @param stopTokens ids that end the sequence; they are counted but their text is not shown
 * @param topLogprobs likeliest alternatives reported per generated token; -1 reports no
 *     log-probabilities at all, 0 only those of the tokens themselves
 * @param promptLogprobs likeliest alternatives reported per prompt token, -1 for none at all
 * @param constraint what the answer's text must be, null for anything; then a stop token comes only
 *     where the text may end
 */
public record SamplingParams(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presencePenalty,
    float frequencyPenalty,
    float repetitionPenalty,
    Map<Integer, Float> logitBias,
    long seed,
    int maxTokens,
    Set<Integer> stopTokens,
    int topLogprobs,
    int promptLogprobs,
    @Nullable Constraint constraint) {

  /** Without a constraint. */
  public SamplingParams(
      float temperature,
      int topK,
      float topP,
      float minP,
      float presencePenalty,
      float frequencyPenalty,
      float repetitionPenalty,
      Map<Integer, Float> logitBias,
      long seed,
      int maxTokens,
      Set<Integer> stopTokens,
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
        maxTokens,
        stopTokens,
        topLogprobs,
        promptLogprobs,
        null);
  }

  public SamplingParams {
    require(temperature >= 0 && Float.isFinite(temperature), "temperature", temperature);
    require(topK >= 0, "topK", topK);
    require(topP > 0 && topP <= 1, "topP", topP);
    require(minP >= 0 && minP <= 1, "minP", minP);
    require(Float.isFinite(presencePenalty), "presencePenalty", presencePenalty);
    require(Float.isFinite(frequencyPenalty), "frequencyPenalty", frequencyPenalty);
    require(
        repetitionPenalty > 0 && Float.isFinite(repetitionPenalty),
        "repetitionPenalty",
        repetitionPenalty);
    require(maxTokens >= 0, "maxTokens", maxTokens);
    require(topLogprobs >= -1, "topLogprobs", topLogprobs);
    require(promptLogprobs >= -1, "promptLogprobs", promptLogprobs);
    logitBias = Map.copyOf(logitBias);
    stopTokens = Set.copyOf(stopTokens);
  }

  /** Whether a choice depends on which tokens came before it, beside the logits. */
  public boolean dependsOnHistory() {
    return hasPenalties() || constraint != null;
  }

  /** Whether tokens that came before have other logits. */
  public boolean hasPenalties() {
    return presencePenalty != 0 || frequencyPenalty != 0 || repetitionPenalty != 1;
  }

  /** The same with another seed. */
  public SamplingParams withSeed(long newSeed) {
    return new SamplingParams(
        temperature,
        topK,
        topP,
        minP,
        presencePenalty,
        frequencyPenalty,
        repetitionPenalty,
        logitBias,
        newSeed,
        maxTokens,
        stopTokens,
        topLogprobs,
        promptLogprobs,
        constraint);
  }

  private static void require(boolean condition, String name, Number value) {
    if (!condition) {
      throw new IllegalArgumentException("%s=%s is out of range".formatted(name, value));
    }
  }
}
