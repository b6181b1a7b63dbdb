@NullMarked
package io.fullbore.redis;

import org.jspecify.annotations.NullMarked;
