/** Layer 4: the one way to Redis, which never costs more than a bounded time. */
@NullMarked
package io.fullbore.redis;

import org.jspecify.annotations.NullMarked;
