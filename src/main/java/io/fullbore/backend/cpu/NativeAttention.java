package io.fullbore.backend.cpu;

import io.fullbore.backend.KvSizing;
import io.fullbore.model.Architecture;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The KV cache's memory in half precision, and attention over it by the kernels.
 *
 * <pre>
 *   keys          [layer][block][kvHead][headDim][slot]   half
 *   values        [layer][block][kvHead][slot][headDim]   half
 *   fb_kv_layer   0 keys   8 values   16 slots per block   20 KV heads   24 heads   28 headDim
 * </pre>
 *
 * <p>One task per KV head and chunk of a run of rows: a run shares the reading of its keys and
 * values, a chunk keeps the threads balanced. Part of a backend, in whose memory the cache lies;
 * called by the engine thread, tasks run on the team.
 */
final class NativeAttention {
  /** Rows that share one reading of keys and values. */
  private static final int MAX_CHUNK_ROWS = 32;

  private static final int MIN_CHUNK_ROWS = 4;

  /** So many tasks per thread balance chunks of unequal length. */
  private static final int TASKS_PER_THREAD = 4;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final BatchMemory batch;
  private final int kvHeadCount;
  private final long[] layers; // addresses of fb_kv_layer
  private final long[] scratch; // [thread], addresses
  private final int[] chunkStarts; // [chunk], and rowCount after the last
  private int chunkCount;

  NativeAttention(
      NativeMemory memory,
      Kernels kernels,
      ThreadTeam team,
      BatchMemory batch,
      Architecture architecture,
      KvSizing sizing) {
    this.kernels = kernels;
    this.team = team;
    this.batch = batch;
    kvHeadCount = architecture.kvHeadCount();
    chunkStarts = new int[sizing.maxStepTokens() + 1];
    layers = new long[architecture.layerCount()];
    scratch = new long[team.threadCount()];
    allocateCache(memory, architecture, sizing);
    long scratchBytes = kernels.attendScratchBytes(layers[0], MAX_CHUNK_ROWS);
    for (int thread = 0; thread < scratch.length; thread++) {
      scratch[thread] = memory.allocate(scratchBytes).address();
    }
  }

  /** Bytes that one block takes over all layers, keys and values. */
  static long bytesPerBlock(Architecture architecture, int blockTokens) {
    return 2L * architecture.layerCount() * blockTokens * architecture.kvDim() * Short.BYTES;
  }

  private void allocateCache(NativeMemory memory, Architecture architecture, KvSizing sizing) {
    long layerBytes =
        (long) sizing.blockCount() * sizing.blockTokens() * architecture.kvDim() * Short.BYTES;
    long keys = memory.allocate(layerBytes * layers.length).address();
    long values = memory.allocate(layerBytes * layers.length).address();
    for (int i = 0; i < layers.length; i++) {
      MemorySegment layer = memory.allocate(2 * Long.BYTES + 4 * Integer.BYTES);
      layer.set(ValueLayout.JAVA_LONG, 0, keys + i * layerBytes);
      layer.set(ValueLayout.JAVA_LONG, 8, values + i * layerBytes);
      layer.set(ValueLayout.JAVA_INT, 16, sizing.blockTokens());
      layer.set(ValueLayout.JAVA_INT, 20, architecture.kvHeadCount());
      layer.set(ValueLayout.JAVA_INT, 24, architecture.headCount());
      layer.set(ValueLayout.JAVA_INT, 28, architecture.headDim());
      layers[i] = layer.address();
    }
  }

  /** Cuts the runs of a step into chunks, for all its layers. */
  void plan() {
    int rowCount = batch.runStart(batch.runCount());
    int wantedTasks = TASKS_PER_THREAD * team.threadCount();
    int chunkRows =
        Math.clamp(
            Math.ceilDiv(rowCount * kvHeadCount, wantedTasks), MIN_CHUNK_ROWS, MAX_CHUNK_ROWS);
    chunkCount = 0;
    for (int run = 0; run < batch.runCount(); run++) {
      for (int row = batch.runStart(run); row < batch.runStart(run + 1); row += chunkRows) {
        chunkStarts[chunkCount++] = row;
      }
    }
    chunkStarts[chunkCount] = rowCount;
  }

  /** Stores the keys and values of rows {@code [from, to)}. */
  void store(int layer, long key, long value, int from, int to) {
    kernels.store(layers[layer], key, value, batch.positions(), batch.tables(), from, to);
  }

  /**
   * @param query address of [row][head][headDim]
   * @param attended address of the same shape, written
   */
  void attend(int layer, long query, long attended) {
    team.run(
        chunkCount * kvHeadCount,
        (task, thread) -> {
          int chunk = chunkCount - 1 - task / kvHeadCount; // a prompt's last rows take longest
          int from = chunkStarts[chunk];
          kernels.attend(
              layers[layer],
              query,
              attended,
              batch.position(from),
              batch.table(from),
              task % kvHeadCount,
              from,
              chunkStarts[chunk + 1],
              scratch[thread]);
        });
  }
}
