/** Layer 1: chat messages to prompt text, through the model file's own template. */
@NullMarked
package io.fullbore.chat;

import org.jspecify.annotations.NullMarked;
