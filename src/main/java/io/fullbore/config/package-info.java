/** Layer 0: the configuration record tree and its reader, which reports every mistake at once. */
@NullMarked
package io.fullbore.config;

import org.jspecify.annotations.NullMarked;
