@NullMarked
package io.fullbore.auth;

import org.jspecify.annotations.NullMarked;
