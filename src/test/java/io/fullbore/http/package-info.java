@NullMarked
package io.fullbore.http;

import org.jspecify.annotations.NullMarked;
