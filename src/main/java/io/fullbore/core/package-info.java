/**
 * Layer 0: the nouns every other package speaks: requests, parameters, outcomes, model metadata.
 */
@NullMarked
package io.fullbore.core;

import org.jspecify.annotations.NullMarked;
