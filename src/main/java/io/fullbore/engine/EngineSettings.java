package io.fullbore.engine;

/**
 * How an engine works.
 *
 * @param maxRunning sequences that hold KV at once
 * @param stepTargetMs prompts are cut into chunks that let a step take about this long
 * @param prefixCache whether KV of known prefixes is used again
 */
public record EngineSettings(int maxRunning, long stepTargetMs, boolean prefixCache) {
  public EngineSettings {
    if (maxRunning < 1 || stepTargetMs < 1) {
      throw new IllegalArgumentException(
          "maxRunning=%d stepTargetMs=%d must be positive".formatted(maxRunning, stepTargetMs));
    }
  }
}
