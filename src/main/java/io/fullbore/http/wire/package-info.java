/** Layer 8: the OpenAI-shaped requests and answers. */
@NullMarked
package io.fullbore.http.wire;

import org.jspecify.annotations.NullMarked;
