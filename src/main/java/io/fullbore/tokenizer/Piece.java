package io.fullbore.tokenizer;

/**
 * A stretch of a prompt and where it came from.
 *
 * @param text any text; unpaired surrogates are read as U+FFFD
 * @param parseSpecial whether control tokens written in it are meant: true for the text of a chat
 *     template, false for everything that a user wrote
 */
public record Piece(String text, boolean parseSpecial) {}
