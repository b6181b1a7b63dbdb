// Work on single rows: look-up of embeddings, and normalisation into a matrix's operand.
//
//   embed_FORMAT   grid (rows), 128 threads. hidden [row][dim] float = the packed table's row of
//                  the row's token. Reads 16 rows of the table per row, which are packed together.
//   norm_KIND      grid (rows), 256 threads. operand = source / rms(source) * weight, rounded
//                  (RMSNorm, Zhang & Sennrich, 2019). Reads 4 bytes per element twice, the second
//                  time from a cache, and writes 2.

#include "kernels.cuh"
#include "weights.cuh"

// ids are what the step before chose, by its logit rows.
template <typename Format>
FB_DEVICE void embed(StepView step, const uint8_t *table, const int *ids, float *hidden, int dim) {
  int row = blockIdx.x;
  if (row >= step.counts->rows) {
    return;
  }
  int token = step.tokens[row];
  if (token < 0) {
    token = max(0, ids[-1 - token]); // below 0: nothing could be chosen, and nobody reads this row
  }
  const int unit_columns = FB_CHUNK_COLUMNS * Format::unit_chunks;
  long long unit_count = (dim + unit_columns - 1) / unit_columns;
  const uint8_t *tile = table + token / FB_TILE_ROWS * unit_count * Format::unit_bytes;
  for (int column = threadIdx.x; column < dim; column += blockDim.x) {
    const uint8_t *unit = tile + column / unit_columns * (long long)Format::unit_bytes;
    hidden[(long long)row * dim + column] =
        Format::element(unit, token % FB_TILE_ROWS, column % unit_columns);
  }
}

#define FB_EMBED(name, Format)                                                                   \
  extern "C" __global__ void __launch_bounds__(128)                                              \
      embed_##name(StepView step, const uint8_t *table, const int *ids, float *hidden, int dim) { \
    embed<Format>(step, table, ids, hidden, dim);                                                \
  }                                                                                              \
  FB_KERNEL(embed_##name)

FB_EMBED(f16, HalfWeights)
FB_EMBED(bf16, BrainWeights)
FB_EMBED(q8_0, Q8_0)
FB_EMBED(q4_0, Q4_0)
FB_EMBED(q4_k, Q4_K)
FB_EMBED(q5_k, Q5_K)
FB_EMBED(q6_k, Q6_K)

// The sum over a block's threads, known to all of them. Up to 32 warps.
FB_DEVICE float block_sum(float x, float *shared) {
  x = warp_sum(x);
  if (threadIdx.x % FB_WARP == 0) {
    shared[threadIdx.x / FB_WARP] = x;
  }
  block_barrier();
  float sum = 0;
  for (int warp = 0; warp < (int)blockDim.x / FB_WARP; warp++) {
    sum += shared[warp];
  }
  return sum;
}

// selected: only the logit rows, which become the first rows of the operand.
template <typename Kind>
FB_DEVICE void norm(StepView step, const float *hidden, const float *weight, Kind *operand, int dim,
                    int operand_columns, float epsilon, int selected) {
  __shared__ float sums[32];
  int row = blockIdx.x;
  if (row >= (selected ? step.counts->logit_rows : step.counts->rows)) {
    return;
  }
  const float *source = hidden + (long long)(selected ? step.logit_rows[row] : row) * dim;
  float squares = 0;
  for (int i = threadIdx.x; i < dim; i += blockDim.x) {
    squares += source[i] * source[i];
  }
  float scale = rsqrtf(block_sum(squares, sums) / dim + epsilon);
  for (int i = 2 * threadIdx.x; i < dim; i += 2 * blockDim.x) {
    float low = source[i] * scale * weight[i];
    if (i + 1 < dim) {
      float high = source[i + 1] * scale * weight[i + 1];
      *(uint32_t *)(operand + operand_index(row, i, operand_columns)) = round_pair<Kind>(low, high);
    } else {
      operand[operand_index(row, i, operand_columns)] = round_to<Kind>(low);
    }
  }
}

#define FB_NORM(name, Kind)                                                                      \
  extern "C" __global__ void __launch_bounds__(256)                                              \
      norm_##name(StepView step, const float *hidden, const float *weight, Kind *operand,        \
                  int dim, int operand_columns, float epsilon, int selected) {                   \
    norm<Kind>(step, hidden, weight, operand, dim, operand_columns, epsilon, selected);          \
  }                                                                                              \
  FB_KERNEL(norm_##name)

FB_NORM(f16, F16)
FB_NORM(bf16, BF16)
