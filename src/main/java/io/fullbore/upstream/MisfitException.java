package io.fullbore.upstream;

import io.fullbore.core.Failure;

/**
 * Ends the translation of a request at the first thing that an upstream's API cannot do. Thrown
 * while a request is translated and turned into its {@link UpstreamFailure} by the dialect; goes no
 * further. Has no stack trace: it is an expected outcome.
 */
final class MisfitException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient UpstreamFailure failure;

  MisfitException(Failure.InvalidRequest failure, boolean elsewhere) {
    super(failure.message(), null, false, false);
    this.failure = new UpstreamFailure(failure, elsewhere);
  }

  UpstreamFailure failure() {
    return failure;
  }
}
