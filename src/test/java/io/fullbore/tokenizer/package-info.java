@NullMarked
package io.fullbore.tokenizer;

import org.jspecify.annotations.NullMarked;
