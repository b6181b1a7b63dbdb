package io.fullbore.backend;

import org.jspecify.annotations.Nullable;

/**
 * A step failed on the device or on the input of one of its sequences, or there is not enough
 * memory to make a backend.
 */
public final class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean deviceLost;

  public BackendException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private BackendException(String message, @Nullable Throwable cause, boolean deviceLost) {
    super(message, cause);
    this.deviceLost = deviceLost;
  }

  /** The backend's device is gone: all further steps fail, and the backend can only be closed. */
  public static BackendException ofLostDevice(String message, @Nullable Throwable cause) {
    return new BackendException(message, cause, true);
  }

  public boolean isDeviceLost() {
    return deviceLost;
  }
}
