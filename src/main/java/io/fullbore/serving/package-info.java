/** Layer 7: the way of one request, from validated parameters to its one terminal event. */
@NullMarked
package io.fullbore.serving;

import org.jspecify.annotations.NullMarked;
