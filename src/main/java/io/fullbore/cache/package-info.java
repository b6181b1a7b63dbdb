/** Layer 5: answers remembered in this process and in Redis. */
@NullMarked
package io.fullbore.cache;

import org.jspecify.annotations.NullMarked;
