package io.fullbore.backend.cpu;

import java.util.List;

/**
 * Matrices that read the same slot (query, key and value; gate and up), multiplied in one parallel
 * section. The section is cut into tasks of about equal bytes of weights, many per thread, as the
 * threads share the cores with others: who is held up takes fewer.
 */
final class MatrixSection {
  private static final int TASKS_PER_THREAD = 16;

  /** A task of a decode step takes at least a microsecond or two: more than its start. */
  private static final long MIN_TASK_BYTES = 32 << 10;

  private static final long MAX_TASK_BYTES = 1 << 20;

  /** The most groups that a kernel multiplies at once: a task takes a multiple. */
  private static final int GROUPS_TOGETHER = 4;

  /**
   * One product.
   *
   * @param target address of [row][matrix rows]
   */
  record Product(PackedWeights.Matrix matrix, long target) {}

  private final Kernels kernels;
  private final ThreadTeam team;
  private final long activations;
  private final Product[] products;
  private final int[] groupsPerTask; // [product]
  private final int[] firstTask; // [product], and the number of tasks after the last

  /**
   * @param activations address of the source's fb_activations
   */
  MatrixSection(Kernels kernels, ThreadTeam team, long activations, List<Product> products) {
    this.kernels = kernels;
    this.team = team;
    this.activations = activations;
    this.products = products.toArray(Product[]::new);
    groupsPerTask = new int[products.size()];
    firstTask = new int[products.size() + 1];
    long bytes = 0;
    for (Product product : products) {
      bytes += product.matrix.groupCount() * product.matrix.groupBytes();
    }
    long taskBytes =
        Math.clamp(
            bytes / ((long) TASKS_PER_THREAD * team.threadCount()), MIN_TASK_BYTES, MAX_TASK_BYTES);
    for (int i = 0; i < this.products.length; i++) {
      PackedWeights.Matrix matrix = this.products[i].matrix;
      long groups = Math.ceilDiv(taskBytes, matrix.groupBytes() * GROUPS_TOGETHER);
      groupsPerTask[i] = (int) Math.min(groups * GROUPS_TOGETHER, matrix.groupCount());
      firstTask[i + 1] = firstTask[i] + Math.ceilDiv(matrix.groupCount(), groupsPerTask[i]);
    }
  }

  void multiply(int rowCount) {
    team.run(firstTask[products.length], task -> multiply(task, rowCount));
  }

  private void multiply(int task, int rowCount) {
    int i = 0;
    while (task >= firstTask[i + 1]) {
      i++;
    }
    Product product = products[i];
    int from = (task - firstTask[i]) * groupsPerTask[i];
    int to = Math.min(product.matrix.groupCount(), from + groupsPerTask[i]);
    kernels.linear(product.matrix.struct(), activations, rowCount, product.target, from, to);
  }
}
