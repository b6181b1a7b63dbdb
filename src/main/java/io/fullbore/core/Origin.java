package io.fullbore.core;

import org.jspecify.annotations.Nullable;

/**
 * Who gives an answer.
 *
 * @param servedBy {@link #LOCAL}, or an upstream's name
 * @param model what the one who answers calls the model
 * @param version the model's version; null where it is not known
 */
public record Origin(String servedBy, String model, @Nullable String version) {
  /** This process. */
  public static final String LOCAL = "local";

  public static Origin local(String model, String version) {
    return new Origin(LOCAL, model, version);
  }
}
