@NullMarked
package io.fullbore.cache;

import org.jspecify.annotations.NullMarked;
