/** Layer 1: model files: GGUF, weight formats, architectures as data, memory-mapped weights. */
@NullMarked
package io.fullbore.model;

import org.jspecify.annotations.NullMarked;
