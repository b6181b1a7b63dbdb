package io.fullbore.backend;

import io.fullbore.model.Architecture;
import io.fullbore.model.RopePairing;
import java.util.Optional;

/**
 * Rotary position embedding: turns pairs of a head's elements by angles that grow with the
 * position, from a table computed once for all positions.
 *
 * <p>The angle of pair i at position p is {@code p / ropeScale * base^(-2i / ropeDim) / factor[i]}
 * (Su et al., 2021; the factors are Llama 3.x's frequency scaling).
 */
public final class Rotation {
  private final int ropeDim;
  private final int headDim;
  private final boolean adjacent;
  private final float[] cosines; // [position][pair]
  private final float[] sines; // [position][pair]

  public Rotation(Architecture architecture, Optional<float[]> factors, int maxPositions) {
    ropeDim = architecture.ropeDim();
    headDim = architecture.headDim();
    adjacent = architecture.pairing() == RopePairing.ADJACENT;
    int pairs = ropeDim / 2;
    cosines = new float[maxPositions * pairs];
    sines = new float[maxPositions * pairs];
    for (int pair = 0; pair < pairs; pair++) {
      double frequency = Math.pow(architecture.ropeBase(), -2.0 * pair / ropeDim);
      if (factors.isPresent()) {
        frequency /= factors.get()[pair];
      }
      frequency /= architecture.ropeScale();
      for (int position = 0; position < maxPositions; position++) {
        double angle = position * frequency;
        cosines[position * pairs + pair] = (float) Math.cos(angle);
        sines[position * pairs + pair] = (float) Math.sin(angle);
      }
    }
  }

  /** [position][pair] */
  public float[] cosines() {
    return cosines;
  }

  /** [position][pair] */
  public float[] sines() {
    return sines;
  }

  /** Rotates {@code headCount} heads that start at {@code row[at]}. */
  public void rotate(float[] row, int at, int headCount, int position) {
    int pairs = ropeDim / 2;
    for (int head = 0; head < headCount; head++) {
      int first = at + head * headDim;
      for (int pair = 0; pair < pairs; pair++) {
        float cosine = cosines[position * pairs + pair];
        float sine = sines[position * pairs + pair];
        int a = adjacent ? first + 2 * pair : first + pair;
        int b = adjacent ? a + 1 : a + pairs;
        float x = row[a];
        float y = row[b];
        row[a] = x * cosine - y * sine;
        row[b] = x * sine + y * cosine;
      }
    }
  }
}
