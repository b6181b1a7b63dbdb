/** Layer 5: rate limits and money budgets, in this process or shared through Redis. */
@NullMarked
package io.fullbore.limits;

import org.jspecify.annotations.NullMarked;
