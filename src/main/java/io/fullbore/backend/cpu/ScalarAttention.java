package io.fullbore.backend.cpu;

import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import io.fullbore.model.Architecture;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The KV cache's memory and attention over it.
 *
 * <pre>
 *   keys, values   [layer][block][kvHead][slot][headDim]  float
 *
 *   position p of a sequence lies in block table[p / blockTokens] at slot p % blockTokens;
 *   one block's slots of one head are one contiguous run, copied to a buffer in one go
 * </pre>
 *
 * <p>One task per row and KV head: the query heads that share a KV head are served from one copy of
 * its keys and values (grouped-query attention). Softmax in two passes: all scores, then the
 * weighted sum in the order of the positions. Owned by the engine thread, tasks run on the team.
 */
final class ScalarAttention implements AutoCloseable {
  private final Architecture architecture;
  private final ThreadTeam team;
  private final int blockTokens;
  private final NativeMemory memory = new NativeMemory();
  private final MemorySegment keys;
  private final MemorySegment values;
  private final long headBytes; // one block of one KV head
  private final long blockBytes; // one block of all KV heads of a layer
  private final long layerBytes;
  private final ThreadLocal<Scratch> scratch;

  /** Buffers of one thread. */
  private static final class Scratch {
    final float[] run; // [slot][headDim]
    final float[] scores; // [head of the group][position]

    Scratch(int runFloats, int scoreFloats) {
      run = new float[runFloats];
      scores = new float[scoreFloats];
    }
  }

  /**
   * @param maxPositions positions of the longest sequence
   */
  ScalarAttention(
      Architecture architecture,
      ThreadTeam team,
      int blockCount,
      int blockTokens,
      int maxPositions) {
    this.architecture = architecture;
    this.team = team;
    this.blockTokens = blockTokens;
    headBytes = (long) blockTokens * architecture.headDim() * Float.BYTES;
    blockBytes = headBytes * architecture.kvHeadCount();
    layerBytes = blockBytes * blockCount;
    keys = memory.allocate(layerBytes * architecture.layerCount());
    values = memory.allocate(layerBytes * architecture.layerCount());
    int groupSize = architecture.headCount() / architecture.kvHeadCount();
    scratch =
        ThreadLocal.withInitial(
            () -> new Scratch(blockTokens * architecture.headDim(), groupSize * maxPositions));
  }

  /** Bytes that one block takes over all layers, keys and values. */
  static long bytesPerBlock(Architecture architecture, int blockTokens) {
    return 2L * architecture.layerCount() * blockTokens * architecture.kvDim() * Float.BYTES;
  }

  /**
   * Stores the rows' keys and values, then attends.
   *
   * @param query [row][head][headDim]
   * @param key [row][kvHead][headDim]
   * @param value [row][kvHead][headDim]
   * @param attended [row][head][headDim], written
   */
  void attend(
      int layer, StepBatch batch, float[] query, float[] key, float[] value, float[] attended) {
    int kvHeadCount = architecture.kvHeadCount();
    for (int row = 0; row < batch.rowCount(); row++) {
      store(layer, batch, row, key, keys);
      store(layer, batch, row, value, values);
    }
    team.run(
        batch.rowCount() * kvHeadCount,
        task -> attend(layer, batch, task / kvHeadCount, task % kvHeadCount, query, attended));
  }

  private void store(int layer, StepBatch batch, int row, float[] source, MemorySegment target) {
    int headDim = architecture.headDim();
    int position = batch.position(row);
    int slot = position % blockTokens;
    for (int head = 0; head < architecture.kvHeadCount(); head++) {
      MemorySegment.copy(
          source,
          (row * architecture.kvHeadCount() + head) * headDim,
          target,
          ValueLayout.JAVA_FLOAT,
          runOffset(layer, batch.table(row), position / blockTokens, head)
              + (long) slot * headDim * Float.BYTES,
          headDim);
    }
  }

  private void attend(
      int layer, StepBatch batch, int row, int kvHead, float[] query, float[] attended) {
    int headDim = architecture.headDim();
    int groupSize = architecture.headCount() / architecture.kvHeadCount();
    int firstHead = (row * architecture.headCount() + kvHead * groupSize) * headDim;
    int positions = batch.position(row) + 1;
    BlockTable table = batch.table(row);
    Scratch buffers = scratch.get();
    float scale = (float) (1 / Math.sqrt(headDim));

    for (int from = 0; from < positions; from += blockTokens) {
      int count = Math.min(blockTokens, positions - from);
      load(keys, runOffset(layer, table, from / blockTokens, kvHead), buffers.run, count * headDim);
      for (int head = 0; head < groupSize; head++) {
        for (int slot = 0; slot < count; slot++) {
          buffers.scores[head * positions + from + slot] =
              scale * dot(query, firstHead + head * headDim, buffers.run, slot * headDim, headDim);
        }
      }
    }
    for (int head = 0; head < groupSize; head++) {
      softmax(buffers.scores, head * positions, positions);
    }
    Arrays.fill(attended, firstHead, firstHead + groupSize * headDim, 0);
    for (int from = 0; from < positions; from += blockTokens) {
      int count = Math.min(blockTokens, positions - from);
      load(
          values,
          runOffset(layer, table, from / blockTokens, kvHead),
          buffers.run,
          count * headDim);
      for (int head = 0; head < groupSize; head++) {
        for (int slot = 0; slot < count; slot++) {
          float weight = buffers.scores[head * positions + from + slot];
          addScaled(
              attended, firstHead + head * headDim, weight, buffers.run, slot * headDim, headDim);
        }
      }
    }
  }

  private long runOffset(int layer, BlockTable table, int blockIndex, int kvHead) {
    return layer * layerBytes + table.get(blockIndex) * blockBytes + kvHead * headBytes;
  }

  private static void load(MemorySegment source, long offset, float[] target, int count) {
    MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, offset, target, 0, count);
  }

  private static float dot(float[] a, int aAt, float[] b, int bAt, int count) {
    float even = 0;
    float odd = 0;
    for (int i = 0; i < count; i += 2) {
      even += a[aAt + i] * b[bAt + i];
      odd += a[aAt + i + 1] * b[bAt + i + 1];
    }
    return even + odd;
  }

  private static void addScaled(
      float[] target, int targetAt, float weight, float[] source, int sourceAt, int count) {
    for (int i = 0; i < count; i++) {
      target[targetAt + i] += weight * source[sourceAt + i];
    }
  }

  private static void softmax(float[] scores, int at, int count) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = at; i < at + count; i++) {
      max = Math.max(max, scores[i]);
    }
    float sum = 0;
    for (int i = at; i < at + count; i++) {
      scores[i] = (float) Math.exp(scores[i] - max);
      sum += scores[i];
    }
    float inverse = 1 / sum;
    for (int i = at; i < at + count; i++) {
      scores[i] *= inverse;
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
