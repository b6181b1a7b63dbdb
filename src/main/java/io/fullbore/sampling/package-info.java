/** Layer 1: from logits to the next token. */
@NullMarked
package io.fullbore.sampling;

import org.jspecify.annotations.NullMarked;
