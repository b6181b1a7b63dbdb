package io.fullbore.auth;

/**
 * Kept keys do not read as such. The message names the place and never shows what stands there: it
 * may be a secret that was put there by mistake.
 */
final class MalformedKeyException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedKeyException(String place, String why) {
    super(place + ": " + why, null, false, false);
  }
}
