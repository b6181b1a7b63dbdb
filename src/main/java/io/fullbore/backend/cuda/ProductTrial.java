package io.fullbore.backend.cuda;

import io.fullbore.model.Tensor;
import io.fullbore.model.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * One product, on all kernels that can do it: how long they take, and whether they give the same.
 * Part of {@link CudaProducts}.
 */
final class ProductTrial {
  private static final int SAMPLES = 64;

  private final Workbench bench;
  private final Buffers buffers;
  private final DeviceMemory counts;
  private final Random random = new Random(2);
  private final String product;
  private final WeightFormat format;
  private final OperandKind kind;
  private final PackedMatrix matrix;
  private final List<ProductStage> stages;
  private final float[][] operand; // [row][column]
  private final int repetitions;
  private final int width; // of a row of the result

  /**
   * @param counts a step's counts, which it writes
   * @param stages the product with copies of the matrix, which take turns
   * @param operand [row][column], repeated beyond
   */
  ProductTrial(
      Workbench bench,
      Buffers buffers,
      DeviceMemory counts,
      String product,
      WeightFormat format,
      OperandKind kind,
      PackedMatrix matrix,
      List<ProductStage> stages,
      float[][] operand,
      int repetitions) {
    this.bench = bench;
    this.buffers = buffers;
    this.counts = counts;
    this.product = product;
    this.format = format;
    this.kind = kind;
    this.matrix = matrix;
    this.stages = stages;
    this.operand = operand;
    this.repetitions = repetitions;
    width = matrix.outRows();
  }

  CudaProducts.Row run(int rows) {
    describe(rows);
    boolean groups = ProductStage.hasWarpgroups(bench.device());
    ProductStage.Variant chosen = ProductStage.Variant.of(rows, groups);
    List<ProductStage.Variant> able = new ArrayList<>();
    for (ProductStage.Variant variant : ProductStage.Variant.values()) {
      if (variant.takes(rows) && variant.isCompiledFor(groups)) {
        able.add(variant);
      }
    }
    float[] result = result(chosen, rows);
    double scale = rootMeanSquare(result);
    double difference = 0;
    Map<String, Double> others = new LinkedHashMap<>();
    for (ProductStage.Variant variant : able) {
      if (variant != chosen) {
        difference = Math.max(difference, greatestDifference(result, result(variant, rows)));
        others.put(name(variant), micros(variant, rows));
      }
    }
    double error = greatestError(result, rows) / scale;
    int matrices = matrix.interleaved() ? 2 : 1;
    return new CudaProducts.Row(
        product,
        format.name(),
        rows,
        matrices * width,
        matrix.columns(),
        name(chosen),
        matrix.bytes(),
        matrix.bytes() + (long) rows * (matrix.columns() * 2L + width * resultBytes()),
        2.0 * rows * matrices * width * matrix.columns(),
        micros(chosen, rows),
        others,
        error,
        difference / scale);
  }

  private long resultBytes() {
    return product.equals("gate_up") ? OperandKind.BYTES : Float.BYTES;
  }

  private static String name(ProductStage.Variant variant) {
    return variant.name().toLowerCase(Locale.ROOT);
  }

  /** Tells the device how many rows there are. */
  private void describe(int rows) {
    try (PinnedMemory pinned = bench.context().allocatePinned(counts.bytes())) {
      pinned.segment().setAtIndex(ValueLayout.JAVA_INT, 0, rows);
      pinned.segment().setAtIndex(ValueLayout.JAVA_INT, 1, rows);
      bench.stream().upload(counts, 0, pinned.segment());
      bench.stream().synchronize();
    }
  }

  private double micros(ProductStage.Variant variant, int rows) {
    return bench.micros(
            repetitions, () -> stages.forEach(stage -> stage.launch(variant, rows, bench.stream())))
        / stages.size();
  }

  // --- Results ------------------------------------------------------------------------------

  /** The first rows, one after another. */
  private float[] result(ProductStage.Variant variant, int rows) {
    int compared = Math.min(rows, CudaProducts.DISTINCT_ROWS);
    DeviceMemory target =
        switch (CudaProducts.target(product)) {
          case FusedOp.Target.Projections _ -> buffers.qkv;
          case FusedOp.Target.Residual() -> buffers.hidden;
          case FusedOp.Target.SwiGlu() -> buffers.gate;
          case FusedOp.Target.Logits() -> buffers.logits;
        };
    bench.stream().fill(target, 0, target.bytes(), (byte) 0);
    stages.getFirst().launch(variant, rows, bench.stream());
    int storedRows = product.equals("gate_up") ? Math.ceilDiv(compared, 8) * 8 : compared;
    try (PinnedMemory pinned = bench.context().allocatePinned(storedRows * width * resultBytes())) {
      bench.stream().download(pinned.segment(), target, 0);
      bench.stream().synchronize();
      return floats(pinned.segment(), compared);
    }
  }

  private float[] floats(MemorySegment stored, int compared) {
    float[] result = new float[compared * width];
    if (!product.equals("gate_up")) {
      MemorySegment.copy(stored, ValueLayout.JAVA_FLOAT, 0, result, 0, result.length);
      return result;
    }
    for (int row = 0; row < compared; row++) {
      for (int i = 0; i < width; i++) {
        short bits =
            stored.getAtIndex(ValueLayout.JAVA_SHORT, CudaProducts.operandIndex(row, i, width));
        result[row * width + i] = CudaProducts.toFloat(bits, kind);
      }
    }
    return result;
  }

  /** Of some of the sums, against those of double precision. */
  private double greatestError(float[] result, int rows) {
    double greatest = 0;
    for (int i = 0; i < SAMPLES; i++) {
      int row = random.nextInt(Math.min(rows, CudaProducts.DISTINCT_ROWS));
      int out = random.nextInt(width);
      double expected = expected(row, out);
      greatest = Math.max(greatest, Math.abs(result[row * width + out] - expected));
    }
    return greatest;
  }

  private double expected(int row, int out) {
    List<Tensor> tensors = matrix.tensors();
    if (matrix.interleaved()) {
      double gate = sum(tensors.get(0), out, row);
      return gate / (1 + Math.exp(-gate)) * sum(tensors.get(1), out, row);
    }
    int within = out;
    int index = 0;
    while (within >= tensors.get(index).rows()) {
      within -= tensors.get(index++).rows();
    }
    return sum(tensors.get(index), within, row);
  }

  private double sum(Tensor tensor, int tensorRow, int row) {
    float[] weights = new float[tensor.columns()];
    tensor.decodeRow(tensorRow, weights, 0);
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += (double) weights[i] * operand[row][i];
    }
    return sum;
  }

  private static double greatestDifference(float[] a, float[] b) {
    double greatest = 0;
    for (int i = 0; i < a.length; i++) {
      greatest = Math.max(greatest, Math.abs((double) a[i] - b[i])); // or NaN
    }
    return greatest;
  }

  private static double rootMeanSquare(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum / values.length);
  }
}
