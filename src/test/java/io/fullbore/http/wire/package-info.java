@NullMarked
package io.fullbore.http.wire;

import org.jspecify.annotations.NullMarked;
