/**
 * A small Jinja interpreter for chat templates: the language, filters, tests and string methods
 * that such templates use, with Python's semantics. Sandboxed by construction: an operation that is
 * not written here does not exist, and a {@link io.fullbore.chat.jinja.Budget} bounds work, memory
 * and depth.
 */
@NullMarked
package io.fullbore.chat.jinja;

import org.jspecify.annotations.NullMarked;
