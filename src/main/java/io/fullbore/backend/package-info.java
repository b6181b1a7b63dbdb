/** Layer 3: what runs a decoder graph over a batch; implementations live in packages below. */
@NullMarked
package io.fullbore.backend;

import org.jspecify.annotations.NullMarked;
