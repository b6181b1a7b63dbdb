package io.fullbore.http.wire;

import io.fullbore.core.Failure;

/**
 * Ends the reading of a request at its first mistake. Thrown by the readers of this package and
 * turned into its {@link Failure} where a request is taken in; goes no further.
 */
public final class InvalidRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Failure.InvalidRequest failure;

  public InvalidRequestException(Failure.InvalidRequest failure) {
    super(failure.message(), null, false, false);
    this.failure = failure;
  }

  public Failure.InvalidRequest failure() {
    return failure;
  }
}
