/**
 * Layer 1: the paged KV cache as integers: block pool, prefix index, block tables, host tier; no
 * memory here.
 */
@NullMarked
package io.fullbore.kv;

import org.jspecify.annotations.NullMarked;
