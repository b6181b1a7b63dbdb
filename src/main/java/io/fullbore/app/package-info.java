/** Layer 9: the command line and the assembly; the only place that wires and deploys. */
@NullMarked
package io.fullbore.app;

import org.jspecify.annotations.NullMarked;
