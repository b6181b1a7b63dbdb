package io.fullbore.serving;

import io.fullbore.chat.ChatTemplate;
import io.fullbore.sampling.grammar.Grammars;
import io.fullbore.tokenizer.Tokenizer;

/**
 * A model version as the API sees it; immutable, shared by all API instances.
 *
 * @param name the name that requests ask for
 * @param version names the version on the event bus
 * @param digest of all that shapes its answers: weights, vocabulary, template, context
 * @param createdEpochSeconds when it was loaded
 * @param contextTokens tokens that prompt and answer may have together
 * @param grammars what answers were constrained to, over the model's vocabulary
 */
public record ServedModel(
    String name,
    String version,
    String digest,
    long createdEpochSeconds,
    int contextTokens,
    Tokenizer tokenizer,
    ChatTemplate template,
    Grammars grammars) {

  /** With no grammar compiled yet. */
  public ServedModel(
      String name,
      String version,
      String digest,
      long createdEpochSeconds,
      int contextTokens,
      Tokenizer tokenizer,
      ChatTemplate template) {
    this(
        name,
        version,
        digest,
        createdEpochSeconds,
        contextTokens,
        tokenizer,
        template,
        new Grammars(tokenizer.vocabulary().size(), id -> tokenizer.bytesOf(id, false)));
  }
}
