/** Layer 5: other APIs that answer in place of the local engine. */
@NullMarked
package io.fullbore.upstream;

import org.jspecify.annotations.NullMarked;
