/** Layer 2: the decoder graph, built from an architecture record; one graph for all models. */
@NullMarked
package io.fullbore.graph;

import org.jspecify.annotations.NullMarked;
