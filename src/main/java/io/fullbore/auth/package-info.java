/** Layer 5: who may call: API keys, where they are kept, and the key of the administrator. */
@NullMarked
package io.fullbore.auth;

import org.jspecify.annotations.NullMarked;
