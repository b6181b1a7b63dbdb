package io.fullbore.core;

/** Why a sequence ended by itself. */
public enum FinishReason {
  /** A stop token, a stop string or the model's end of turn. */
  STOP,
  /** The token limit of the request or the end of the context. */
  LENGTH,
  /** The model called tools and waits for their results. */
  TOOL_CALLS
}
