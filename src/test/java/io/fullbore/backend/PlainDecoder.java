package io.fullbore.backend;

import io.fullbore.model.Architecture;
import io.fullbore.model.RopePairing;
import io.fullbore.model.Tensor;
import io.fullbore.model.Weights;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A transformer as its papers write it down, in doubles, one token after another, without cache
 * blocks, batches or threads: the reference that every backend's logits are compared with.
 */
public final class PlainDecoder {
  private final Architecture shape;
  private final Weights weights;

  public PlainDecoder(Architecture shape, Weights weights) {
    this.shape = shape;
    this.weights = weights;
  }

  /** Log-probabilities of the token after {@code tokens[0, count)}. [vocabularySize] */
  public double[] logprobs(int[] tokens, int count) {
    int layers = shape.layerCount();
    double[][][] keys = new double[layers][count][]; // [layer][position][kvDim]
    double[][][] values = new double[layers][count][];
    double[] hidden = new double[0];
    for (int position = 0; position < count; position++) {
      hidden = row(weights.embedding(), tokens[position]);
      for (int layer = 0; layer < layers; layer++) {
        Weights.Layer w = weights.layers().get(layer);
        double[] x = norm(hidden, w.attentionNorm());
        double[] query = heads(linear(w.query(), w.queryBias(), x), w.queryNorm(), position);
        keys[layer][position] = heads(linear(w.key(), w.keyBias(), x), w.keyNorm(), position);
        values[layer][position] = linear(w.value(), w.valueBias(), x);
        double[] attended = attend(query, keys[layer], values[layer], position);
        add(hidden, linear(w.attentionOutput(), w.attentionOutputBias(), attended));
        double[] y = norm(hidden, w.ffnNorm());
        double[] gate = linear(w.gate(), null, y);
        double[] up = linear(w.up(), null, y);
        for (int i = 0; i < gate.length; i++) {
          gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        add(hidden, linear(w.down(), null, gate));
      }
    }
    return logSoftmax(linear(weights.output(), null, norm(hidden, weights.outputNorm())));
  }

  private static double[] row(Tensor tensor, int row) {
    float[] floats = new float[tensor.columns()];
    tensor.decodeRow(row, floats, 0);
    double[] doubles = new double[floats.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  private static double[] linear(Tensor matrix, @Nullable Tensor bias, double[] x) {
    double[] offsets = bias == null ? new double[matrix.rows()] : row(bias, 0);
    for (int r = 0; r < offsets.length; r++) {
      double[] w = row(matrix, r);
      for (int c = 0; c < x.length; c++) {
        offsets[r] += w[c] * x[c];
      }
    }
    return offsets;
  }

  private double[] norm(double[] x, Tensor weight) {
    double[] w = row(weight, 0);
    double[] result = new double[x.length];
    for (int from = 0; from < x.length; from += w.length) {
      double squares = 0;
      for (int i = 0; i < w.length; i++) {
        squares += x[from + i] * x[from + i];
      }
      double scale = 1 / Math.sqrt(squares / w.length + shape.normEpsilon());
      for (int i = 0; i < w.length; i++) {
        result[from + i] = x[from + i] * scale * w[i];
      }
    }
    return result;
  }

  /** Normalises where the family does, then rotates. */
  private double[] heads(double[] x, @Nullable Tensor headNorm, int position) {
    double[] heads = headNorm == null ? x : norm(x, headNorm);
    Optional<float[]> factors = weights.ropeFactors();
    int pairs = shape.ropeDim() / 2;
    boolean adjacent = shape.pairing() == RopePairing.ADJACENT;
    for (int from = 0; from < heads.length; from += shape.headDim()) {
      for (int i = 0; i < pairs; i++) {
        double factor = factors.isPresent() ? factors.get()[i] : 1;
        double angle =
            position
                / shape.ropeScale()
                * Math.pow(shape.ropeBase(), -2.0 * i / shape.ropeDim())
                / factor;
        int a = from + (adjacent ? 2 * i : i);
        int b = from + (adjacent ? 2 * i + 1 : i + pairs);
        double first = heads[a] * Math.cos(angle) - heads[b] * Math.sin(angle);
        heads[b] = heads[a] * Math.sin(angle) + heads[b] * Math.cos(angle);
        heads[a] = first;
      }
    }
    return heads;
  }

  private double[] attend(double[] query, double[][] keys, double[][] values, int position) {
    int headDim = shape.headDim();
    int group = shape.headCount() / shape.kvHeadCount();
    double[] attended = new double[query.length];
    for (int head = 0; head < shape.headCount(); head++) {
      int kvAt = head / group * headDim;
      double[] weightsOf = new double[position + 1];
      double sum = 0;
      for (int p = 0; p <= position; p++) {
        double score = 0;
        for (int i = 0; i < headDim; i++) {
          score += query[head * headDim + i] * keys[p][kvAt + i];
        }
        weightsOf[p] = Math.exp(score / Math.sqrt(headDim));
        sum += weightsOf[p];
      }
      for (int p = 0; p <= position; p++) {
        for (int i = 0; i < headDim; i++) {
          attended[head * headDim + i] += weightsOf[p] / sum * values[p][kvAt + i];
        }
      }
    }
    return attended;
  }

  private static void add(double[] target, double[] source) {
    for (int i = 0; i < target.length; i++) {
      target[i] += source[i];
    }
  }

  private static double[] logSoftmax(double[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - max);
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] -= max + Math.log(sum);
    }
    return logits;
  }
}
