package io.fullbore.serving;

import io.fullbore.core.CachePolicy;

/**
 * What one request makes of the answer cache.
 *
 * @param read whether a remembered answer will do, or one that is under way
 * @param write whether its answer is remembered
 * @param knowledge whether it is remembered in the knowledge base
 */
public record CachePlan(boolean read, boolean write, boolean knowledge) {
  /** Computed anew and forgotten. */
  public static final CachePlan BYPASS = new CachePlan(false, false, false);

  /** What the caller says of this request. */
  public enum Wish {
    /** As the key says. */
    NONE,
    /** Whatever the answer is; but not against a key that remembers nothing. */
    FORCE,
    BYPASS,
    /** Computed anew, and remembered in place of what was. */
    REFRESH
  }

  /**
   * @param deterministic whether the answer is the same every time
   * @param offersTools whether the answer may call tools
   */
  public static CachePlan of(
      Wish wish,
      CachePolicy policy,
      boolean knowledge,
      boolean deterministic,
      boolean offersTools) {
    if (policy.mode() == CachePolicy.Mode.OFF) {
      return BYPASS;
    }
    boolean usual = deterministic || policy.mode() == CachePolicy.Mode.ALL;
    boolean allowed = policy.toolCalls() || !offersTools;
    boolean inKnowledge = knowledge || policy.knowledge();
    return switch (wish) {
      case NONE -> usual && allowed ? new CachePlan(true, true, inKnowledge) : BYPASS;
      case FORCE -> new CachePlan(true, true, inKnowledge);
      case REFRESH -> new CachePlan(false, true, inKnowledge);
      case BYPASS -> BYPASS;
    };
  }
}
