/** Layer 6: who answers which request. */
@NullMarked
package io.fullbore.routing;

import org.jspecify.annotations.NullMarked;
