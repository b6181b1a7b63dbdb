package io.fullbore.serving;

import io.fullbore.chat.ChatTemplate;
import io.fullbore.tokenizer.Tokenizer;

/**
 * A model version as the API sees it; immutable, shared by all API instances.
 *
 * @param name the name that requests ask for
 * @param version names the version on the event bus
 * @param digest of all that shapes its answers: weights, vocabulary, template, context
 * @param createdEpochSeconds when it was loaded
 * @param contextTokens tokens that prompt and answer may have together
 */
public record ServedModel(
    String name,
    String version,
    String digest,
    long createdEpochSeconds,
    int contextTokens,
    Tokenizer tokenizer,
    ChatTemplate template) {}
