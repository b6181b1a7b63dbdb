@NullMarked
package io.fullbore.limits;

import org.jspecify.annotations.NullMarked;
