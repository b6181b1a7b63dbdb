/** Layer 8: the HTTP endpoints and server-sent events. */
@NullMarked
package io.fullbore.http;

import org.jspecify.annotations.NullMarked;
