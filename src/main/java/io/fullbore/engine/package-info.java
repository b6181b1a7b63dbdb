/**
 * Layer 4: continuous batching: sequences, scheduler, the engine and the verticles that drive it.
 */
@NullMarked
package io.fullbore.engine;

import org.jspecify.annotations.NullMarked;
