/** Layer 1: from a grammar to the tokens that may come next. */
@NullMarked
package io.fullbore.sampling.grammar;

import org.jspecify.annotations.NullMarked;
