/** Layer 1: text to token ids and back. */
@NullMarked
package io.fullbore.tokenizer;

import org.jspecify.annotations.NullMarked;
