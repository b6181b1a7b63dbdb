@NullMarked
package io.fullbore.upstream;

import org.jspecify.annotations.NullMarked;
