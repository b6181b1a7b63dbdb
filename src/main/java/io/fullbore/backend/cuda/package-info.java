/** Layer 3: the CUDA backend. It alone uses JCuda. */
@NullMarked
package io.fullbore.backend.cuda;

import org.jspecify.annotations.NullMarked;
