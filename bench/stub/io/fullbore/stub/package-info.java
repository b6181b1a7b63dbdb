/**
 * An upstream API that answers with words of its own, well or badly, for tests and measurements.
 */
@NullMarked
package io.fullbore.stub;

import org.jspecify.annotations.NullMarked;
