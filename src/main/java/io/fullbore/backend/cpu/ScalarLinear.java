package io.fullbore.backend.cpu;

import io.fullbore.model.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Matrix times activations for every weight format: decodes weight rows to floats and multiplies
 * them with all rows of the step. Per output element the products are added in the order of the
 * columns, one by one, on either path, so that a row's result does not depend on the number of
 * rows:
 *
 * <pre>
 *   few rows    eight weight rows side by side: eight independent sums hide the adder's latency
 *   many rows   one weight column at a time against a column of activations [column][row], a loop
 *               over rows that the JIT compiler turns into vector instructions
 * </pre>
 *
 * <p>Bytes moved: the weights once per step (few rows) or once per {@link #ROW_TILE} rows; nothing
 * is as slow here as decoding a weight, which is why it is done once for all rows. Called by the
 * engine thread; the work is spread over the team by weight rows.
 */
final class ScalarLinear {
  /** Weight rows decoded together. */
  private static final int WEIGHT_ROWS = 8;

  /** From here on the path over columns wins. */
  private static final int MANY_ROWS = 12;

  /** Rows of activations that stay in the cache together while the weights pass by. */
  private static final int ROW_TILE = 128;

  private final ThreadTeam team;
  private final ThreadLocal<Scratch> scratch;
  private float[][] columns = new float[0][]; // [column][row of the tile]

  /** Buffers of one thread. */
  private static final class Scratch {
    final float[][] weights; // [weight row][column]
    final float[] sums = new float[ROW_TILE]; // [row of the tile]

    Scratch(int maxColumns) {
      weights = new float[WEIGHT_ROWS][maxColumns];
    }
  }

  /**
   * @param maxColumns the widest matrix of the model
   */
  ScalarLinear(ThreadTeam team, int maxColumns) {
    this.team = team;
    this.scratch = ThreadLocal.withInitial(() -> new Scratch(maxColumns));
  }

  /**
   * target[row][r] = sum over c of weight[r][c] * source[row][c] (+ bias[r]).
   *
   * @param source [rowCount][weight.columns]
   * @param target [rowCount][weight.rows]
   */
  void multiply(
      Tensor weight, float @Nullable [] bias, float[] source, float[] target, int rowCount) {
    if (rowCount < MANY_ROWS) {
      int groups = Math.ceilDiv(weight.rows(), WEIGHT_ROWS);
      team.run(groups, group -> fewRows(weight, bias, source, target, rowCount, group));
      return;
    }
    for (int first = 0; first < rowCount; first += ROW_TILE) {
      int tileRows = Math.min(ROW_TILE, rowCount - first);
      transpose(source, first, tileRows, weight.columns());
      int groups = Math.ceilDiv(weight.rows(), WEIGHT_ROWS);
      int firstRow = first;
      team.run(groups, group -> manyRows(weight, bias, target, firstRow, tileRows, group));
    }
  }

  private void fewRows(
      Tensor weight,
      float @Nullable [] bias,
      float[] source,
      float[] target,
      int rowCount,
      int group) {
    int firstWeightRow = group * WEIGHT_ROWS;
    int weightRows = Math.min(WEIGHT_ROWS, weight.rows() - firstWeightRow);
    float[][] weights = scratch.get().weights;
    decode(weight, firstWeightRow, weightRows, weights);
    int columnCount = weight.columns();
    for (int row = 0; row < rowCount; row++) {
      int targetAt = row * weight.rows() + firstWeightRow;
      if (weightRows == WEIGHT_ROWS) {
        dotEight(weights, source, row * columnCount, columnCount, target, targetAt);
      } else {
        for (int r = 0; r < weightRows; r++) {
          target[targetAt + r] = dot(weights[r], source, row * columnCount, columnCount);
        }
      }
      addBias(bias, firstWeightRow, weightRows, target, targetAt);
    }
  }

  private static void decode(Tensor weight, int firstRow, int rowCount, float[][] weights) {
    for (int r = 0; r < rowCount; r++) {
      weight.decodeRow(firstRow + r, weights[r], 0);
    }
  }

  private static void addBias(
      float @Nullable [] bias, int firstWeightRow, int weightRows, float[] target, int targetAt) {
    if (bias != null) {
      for (int r = 0; r < weightRows; r++) {
        target[targetAt + r] += bias[firstWeightRow + r];
      }
    }
  }

  private static float dot(float[] weights, float[] source, int sourceAt, int columnCount) {
    float sum = 0;
    for (int c = 0; c < columnCount; c++) {
      sum += weights[c] * source[sourceAt + c];
    }
    return sum;
  }

  private static void dotEight(
      float[][] weights, float[] source, int sourceAt, int columnCount, float[] target, int at) {
    float[] w0 = weights[0];
    float[] w1 = weights[1];
    float[] w2 = weights[2];
    float[] w3 = weights[3];
    float[] w4 = weights[4];
    float[] w5 = weights[5];
    float[] w6 = weights[6];
    float[] w7 = weights[7];
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    for (int c = 0; c < columnCount; c++) {
      float x = source[sourceAt + c];
      s0 += w0[c] * x;
      s1 += w1[c] * x;
      s2 += w2[c] * x;
      s3 += w3[c] * x;
      s4 += w4[c] * x;
      s5 += w5[c] * x;
      s6 += w6[c] * x;
      s7 += w7[c] * x;
    }
    target[at] = s0;
    target[at + 1] = s1;
    target[at + 2] = s2;
    target[at + 3] = s3;
    target[at + 4] = s4;
    target[at + 5] = s5;
    target[at + 6] = s6;
    target[at + 7] = s7;
  }

  private void manyRows(
      Tensor weight,
      float @Nullable [] bias,
      float[] target,
      int firstRow,
      int tileRows,
      int group) {
    int firstWeightRow = group * WEIGHT_ROWS;
    int weightRows = Math.min(WEIGHT_ROWS, weight.rows() - firstWeightRow);
    Scratch buffers = scratch.get();
    decode(weight, firstWeightRow, weightRows, buffers.weights);
    for (int r = 0; r < weightRows; r++) {
      float[] weights = buffers.weights[r];
      float[] sums = buffers.sums;
      Arrays.fill(sums, 0);
      int c = 0;
      for (; c + 8 <= weight.columns(); c += 8) {
        addEightColumns(sums, weights, c, columns, tileRows);
      }
      for (; c < weight.columns(); c++) {
        addColumn(sums, weights[c], columns[c], tileRows);
      }
      float offset = bias == null ? 0 : bias[firstWeightRow + r];
      for (int row = 0; row < tileRows; row++) {
        float sum = sums[row];
        target[(firstRow + row) * weight.rows() + firstWeightRow + r] =
            bias == null ? sum : sum + offset;
      }
    }
  }

  private static void addColumn(float[] sums, float w, float[] column, int rowCount) {
    for (int i = 0; i < rowCount; i++) {
      sums[i] += w * column[i];
    }
  }

  private static void addEightColumns(
      float[] sums, float[] weights, int c, float[][] columns, int rowCount) {
    float w0 = weights[c];
    float w1 = weights[c + 1];
    float w2 = weights[c + 2];
    float w3 = weights[c + 3];
    float w4 = weights[c + 4];
    float w5 = weights[c + 5];
    float w6 = weights[c + 6];
    float w7 = weights[c + 7];
    float[] x0 = columns[c];
    float[] x1 = columns[c + 1];
    float[] x2 = columns[c + 2];
    float[] x3 = columns[c + 3];
    float[] x4 = columns[c + 4];
    float[] x5 = columns[c + 5];
    float[] x6 = columns[c + 6];
    float[] x7 = columns[c + 7];
    for (int i = 0; i < rowCount; i++) {
      float sum = sums[i];
      sum += w0 * x0[i];
      sum += w1 * x1[i];
      sum += w2 * x2[i];
      sum += w3 * x3[i];
      sum += w4 * x4[i];
      sum += w5 * x5[i];
      sum += w6 * x6[i];
      sum += w7 * x7[i];
      sums[i] = sum;
    }
  }

  private void transpose(float[] source, int firstRow, int tileRows, int columnCount) {
    if (columns.length < columnCount) {
      columns = new float[columnCount][ROW_TILE];
    }
    int stripe = 64;
    team.run(
        Math.ceilDiv(columnCount, stripe),
        task -> {
          int end = Math.min(columnCount, (task + 1) * stripe);
          for (int row = 0; row < tileRows; row++) {
            int from = (firstRow + row) * columnCount;
            for (int c = task * stripe; c < end; c++) {
              columns[c][row] = source[from + c];
            }
          }
        });
  }
}
