/**
 * What a model wrote, taken apart as it comes: text, reasoning, calls of tools.
 *
 * <pre>
 *   pieces of text, control tokens ──▶ AnswerParser ──▶ AnswerPart: Text, Reasoning, CallStart, CallArguments
 *                                        │    ▲
 *                       inside of calls  ▼    │  what turned out to be no call is read again as text
 *                                      CallReader (one per ToolFormat)
 * </pre>
 */
@NullMarked
package io.fullbore.chat.answer;

import org.jspecify.annotations.NullMarked;
