/** Layer 3: the CPU backend. */
@NullMarked
package io.fullbore.backend.cpu;

import org.jspecify.annotations.NullMarked;
