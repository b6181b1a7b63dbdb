// Products of packed weights with operands: out [row][out] = weights [out][column] * operand, on the
// matrix units, with what follows a product done at its end.
//
//   linear_few_FORMAT_N   for up to N = 8, 16, 32 rows. grid (blocks of row tiles, splits), 256
//                         threads. The 8 warps of a block share its rows and columns: N = 8: one row
//                         tile, columns in 8; 16 and 32: 4 tiles, columns in 2. Weights go from
//                         memory to registers once; operands come through the first cache, where
//                         the warps of other rows find them.
//   linear_many_FORMAT    for more rows. grid (rows / 128, row tiles / 8, splits), 128 threads, 49152
//                         bytes of dynamic shared memory. Operands pass through shared memory in
//                         three stages, weights go straight to registers.
//   linear_group_FORMAT_N the same for warpgroups (sm_90a). grid (rows / N, row tiles / 8, splits),
//                         N = 64, 128 or 256, 256 threads: two warpgroups multiply 64 weight rows
//                         each; operands are copied in bulk, four stages of N * 128 bytes of dynamic
//                         shared memory and 64 bytes more, and the matrix units read them there.
//
// Grids are rounded up. Blocks that run together share row tiles: weights come from memory once, and
// operands stay in the second cache. splits blocks share the columns of a product where it has too
// few rows to fill the device; the last of them to end adds up all sums, in order, so that the same
// grid always gives the same sums.

#include "kernels.cuh"
#include "weights.cuh"

// Bytes from one row tile to the next.
template <typename Format>
FB_DEVICE long long tile_bytes(int chunks) {
  return (long long)(chunks / Format::unit_chunks) * Format::unit_bytes;
}

// sums [Tiles][4]: those of a row tile and 8 rows of the step each, as mma gives them. Tiles and rows
// past the last ones are dropped.
template <typename Kind, int Tiles>
FB_DEVICE void finish(const LinearOut &to, int out_rows, int tile, int first_row, int row_count,
                      const float *sums) {
  int lane = threadIdx.x % 32;
  int g = lane / 4;
  int row = first_row + lane % 4 * 2;
  int rows_left = row_count - row;
  if (to.mode == FB_SWIGLU) {
    int out_row = tile * 8 + g;
    if (out_row >= out_rows) {
      return;
    }
    Kind *operand = (Kind *)to.operand + operand_index(row, out_row, to.stride);
#pragma unroll
    for (int n = 0; n < Tiles; n++) {
#pragma unroll
      for (int i = 0; i < 2; i++) {
        if (n * 8 + i < rows_left) {
          float gate = sums[4 * n + i];
          float activated = gate / (1 + fast_exp(-gate)) * sums[4 * n + 2 + i];
          operand[(long long)n * 8 * to.stride + i * 8] = round_to<Kind>(activated);
        }
      }
    }
    return;
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int out_row = tile * 16 + half * 8 + g;
    if (out_row < out_rows) {
      float bias = to.bias == nullptr ? 0 : to.bias[out_row];
      float *target = to.out + (long long)row * to.stride + out_row;
      if (to.mode == FB_ADD) { // nobody else adds, but the memory does it without a wait
#pragma unroll
        for (int i = 0; i < 2 * Tiles; i++) {
          int below = i / 2 * 8 + i % 2;
          if (below < rows_left) {
            add_to(target + (long long)below * to.stride, sums[i / 2 * 4 + half * 2 + i % 2] + bias);
          }
        }
      } else {
#pragma unroll
        for (int i = 0; i < 2 * Tiles; i++) {
          int below = i / 2 * 8 + i % 2;
          if (below < rows_left) {
            target[(long long)below * to.stride] = sums[i / 2 * 4 + half * 2 + i % 2] + bias;
          }
        }
      }
    }
  }
}

// The part of a product's columns that this block has.
struct Columns {
  int from; // pieces
  int end;
};
FB_DEVICE Columns columns_of(int pieces, int split, int splits) {
  return {(int)((long long)pieces * split / splits),
          (int)((long long)pieces * (split + 1) / splits)};
}

// Adds up the sums of all splits of a block; true in the one that has them. Called by all threads of
// the block; sums are those of the first `Keepers` threads.
//   partials [block][split][i / 4][keeper] float4
//   arrivals [block]: 0, and 0 again afterwards
template <int Keepers, int Count>
FB_DEVICE bool last_of_splits(float (&sums)[Count], int block, int split, int splits,
                              float *partials, int *arrivals) {
  __shared__ int arrived_before;
  if (splits == 1) {
    return true;
  }
  constexpr int fours = Count / 4;
  bool keeper = threadIdx.x < Keepers;
  float4 *first = (float4 *)partials + (long long)block * splits * fours * Keepers + threadIdx.x;
  if (keeper) {
    float4 *mine = first + (long long)split * fours * Keepers;
#pragma unroll
    for (int i = 0; i < fours; i++) {
      mine[i * Keepers] =
          make_float4(sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]);
    }
  }
  block_barrier();
  if (threadIdx.x == 0) {
    arrived_before = count_up(arrivals + block);
  }
  block_barrier();
  if (arrived_before != splits - 1) {
    return false;
  }
  if (threadIdx.x == 0) {
    arrivals[block] = 0;
  }
  if (keeper) {
#pragma unroll
    for (int i = 0; i < Count; i++) {
      sums[i] = 0;
    }
    // Whole splits at a time, so that their loads are under way together.
#pragma unroll 1
    for (int each = 0; each < splits; each++) {
#pragma unroll
      for (int i = 0; i < fours; i++) {
        float4 part = first[((long long)each * fours + i) * Keepers];
        sums[4 * i] += part.x;
        sums[4 * i + 1] += part.y;
        sums[4 * i + 2] += part.z;
        sums[4 * i + 3] += part.w;
      }
    }
  }
  return true;
}

template <typename Format>
FB_DEVICE const uint8_t *unit_of(const uint8_t *tile, int chunk) {
  return tile + (long long)(chunk / Format::unit_chunks) * Format::unit_bytes;
}

// Asked again at a kernel's end, rather than kept in one of the registers that its sums need.
FB_DEVICE int rows_of(const StepCounts *counts, int selected) {
  return selected ? counts->logit_rows : counts->rows;
}

FB_DEVICE int tiles_of(const LinearIn &in, const LinearOut &to) {
  return (in.out_rows * (to.mode == FB_SWIGLU ? 2 : 1) + 15) / 16;
}

// A lane's codes and scales of some successive chunks of a row tile. Each chunk's are replaced by
// those of the piece after it as soon as they are used, so that nearly a whole piece is under way.
template <typename Format, int Chunks>
struct Piece {
  static constexpr int unit_chunks = Format::unit_chunks;
  typename Format::Codes codes[Chunks];
  typename Format::Scales scales[Chunks / unit_chunks];
  typename Format::Scales next; // where a piece is one unit of several chunks

  // Chunk i of the piece from `chunk` on; what lies at `end` and later is not read.
  FB_MEMBER void load(const uint8_t *tile, int chunk, int end, int i, int lane) {
    if (chunk + i < end) {
      const uint8_t *unit = unit_of<Format>(tile, chunk + i);
      codes[i] = Format::codes(unit, unit_chunks == 1 ? 0 : i, lane);
      if (unit_chunks == 1) {
        scales[i] = Format::scales(unit, lane);
      } else if (i == Chunks / 2) { // then half of the scales before them are no longer needed
        next = Format::scales(unit, lane);
      }
    }
  }
  FB_MEMBER void load(const uint8_t *tile, int chunk, int end, int lane) {
#pragma unroll
    for (int i = 0; i < Chunks; i++) {
      load(tile, chunk, end, i, lane);
    }
  }
  FB_MEMBER void begin() {
    if (unit_chunks > 1) {
      scales[0] = next;
    }
  }
  FB_MEMBER void registers(uint32_t (&a)[4], int i, int s) const {
    Format::registers(a, codes[i], scales[i / unit_chunks], i % unit_chunks, s);
  }
};

// --- Few rows -------------------------------------------------------------------------------

template <typename Format>
struct FewChunks { // per piece: enough bytes in flight, and not too many registers
  static constexpr int value = sizeof(typename Format::Codes) > 32 ? 2 : 4;
};

// Tiles: of 8 rows of the step. A warp has one row tile, and every ColumnWarps-th piece of its columns.
template <typename Format, int Tiles, int ColumnWarps>
FB_DEVICE void linear_few(const StepCounts *counts, int selected, LinearIn in, LinearOut to,
                          float *partials, int *arrivals) {
  constexpr int chunks_at_once = FewChunks<Format>::value;
  constexpr int row_warps = 8 / ColumnWarps;
  constexpr int count = Tiles * 4;
  using Kind = typename Format::Kind;
  __shared__ float exchanged[4 * count * 32];

  int row_count = rows_of(counts, selected);
  int lane = threadIdx.x % 32;
  int row_warp = threadIdx.x / 32 % row_warps;
  int column_warp = threadIdx.x / 32 / row_warps;
  int tile_count = tiles_of(in, to);
  int tile = blockIdx.x * row_warps + row_warp;
  Columns columns = columns_of((in.chunks + chunks_at_once - 1) / chunks_at_once, blockIdx.y,
                               gridDim.y);
  int end = min(columns.end * chunks_at_once, in.chunks);
  int step = ColumnWarps * chunks_at_once;
  int first = (columns.from + column_warp) * chunks_at_once;

  // Past the last tile the last one is read again, and its sums are dropped.
  const uint8_t *weights = in.weights + min(tile, tile_count - 1) * tile_bytes<Format>(in.chunks);
  // Past the last row the first one is read again: its sums are dropped too.
  const uint32_t *operands[Tiles];
#pragma unroll
  for (int n = 0; n < Tiles; n++) {
    bool present = n * 8 + lane / 4 < row_count;
    operands[n] = (const uint32_t *)in.operand + first * 256 +
                  (present ? (long long)n * in.chunks * 256 + lane : lane % 4);
  }
  float sums[count] = {};
  Piece<Format, chunks_at_once> piece;
  piece.load(weights, first, end, lane);
  for (; first < end; first += step) {
    piece.begin();
#pragma unroll
    for (int i = 0; i < chunks_at_once; i++) {
      // Whole units end together; but with many sums the branch keeps the compiler from loading more
      // operands ahead than there are registers for.
      if ((Format::unit_chunks == 1 || Tiles > 2) && first + i >= end) {
        break;
      }
#pragma unroll
      for (int s = 0; s < 4; s++) {
        uint32_t a[4];
        piece.registers(a, i, s);
#pragma unroll
        for (int n = 0; n < Tiles; n++) {
          const uint32_t *core = operands[n] + i * 256 + s * 64;
          mma(Kind(), *(float(*)[4])(sums + n * 4), a, core[0], core[32]);
        }
      }
      piece.load(weights, first + step, end, i, lane);
    }
#pragma unroll
    for (int n = 0; n < Tiles; n++) {
      operands[n] += step * 256;
    }
  }

  // The column warps' sums, in the same order whatever comes first.
#pragma unroll
  for (int half = ColumnWarps / 2; half > 0; half /= 2) {
    float *slots = exchanged + (column_warp % half * row_warps + row_warp) * count * 32 + lane;
    if (column_warp >= half && column_warp < 2 * half) {
#pragma unroll
      for (int i = 0; i < count; i++) {
        slots[i * 32] = sums[i];
      }
    }
    block_barrier();
    if (column_warp < half) {
#pragma unroll
      for (int i = 0; i < count; i++) {
        sums[i] += slots[i * 32];
      }
    }
    block_barrier();
  }

  if (last_of_splits<row_warps * 32>(sums, blockIdx.x, blockIdx.y, gridDim.y, partials, arrivals) &&
      column_warp == 0) {
    finish<Kind, Tiles>(to, in.out_rows, tile, 0, rows_of(counts, selected), sums);
  }
}

// --- Many rows ------------------------------------------------------------------------------

template <typename Format>
FB_DEVICE void linear_many(const StepCounts *counts, int selected, LinearIn in, LinearOut to,
                           float *partials, int *arrivals) {
  constexpr int row_tiles = 2; // per warp
  constexpr int tiles = 16;    // of 8 rows of the step, per block
  constexpr int stages = 3;
  constexpr int stage_bytes = tiles * 1024;
  using Kind = typename Format::Kind;
  FB_DYNAMIC_SHARED(shared);

  int row_count = rows_of(counts, selected);
  int first_row = blockIdx.x * tiles * 8;
  if (first_row >= row_count) {
    return;
  }
  int lane = threadIdx.x % 32;
  int warp = threadIdx.x / 32;
  int tile_count = tiles_of(in, to);
  int first_tile = (blockIdx.y * 4 + warp) * row_tiles;
  Columns columns = columns_of(in.chunks / Format::unit_chunks, blockIdx.z, gridDim.z);
  int from = columns.from * Format::unit_chunks;
  int end = columns.end * Format::unit_chunks;

  const uint8_t *weights[row_tiles];
#pragma unroll
  for (int r = 0; r < row_tiles; r++) {
    weights[r] = in.weights + min(first_tile + r, tile_count - 1) * tile_bytes<Format>(in.chunks);
  }
  // Of a chunk, 8 rows of the operand are 1024 successive bytes.
  const unsigned char *operand =
      (const unsigned char *)in.operand + (long long)blockIdx.x * tiles * in.chunks * 1024;
  auto copy = [&](int chunk) {
    if (chunk < end) {
      unsigned char *stage = shared + chunk % stages * stage_bytes;
#pragma unroll
      for (int i = 0; i < tiles * 64 / 128; i++) {
        int sixteen = i * 128 + threadIdx.x;
        copy_async(stage + sixteen * 16, operand + (long long)(sixteen / 64) * in.chunks * 1024 +
                                             chunk * 1024 + sixteen % 64 * 16);
      }
    }
    copy_commit();
  };
  copy(from);
  copy(from + 1);

  float sums[row_tiles * tiles * 4] = {};
  typename Format::Codes next[row_tiles];
  typename Format::Scales scales[row_tiles];
#pragma unroll
  for (int r = 0; r < row_tiles; r++) {
    next[r] = Format::codes(unit_of<Format>(weights[r], from), 0, lane);
  }
  for (int chunk = from; chunk < end; chunk++) {
    typename Format::Codes now[row_tiles];
    int part = chunk % Format::unit_chunks;
#pragma unroll
    for (int r = 0; r < row_tiles; r++) {
      now[r] = next[r];
      if (part == 0) {
        scales[r] = Format::scales(unit_of<Format>(weights[r], chunk), lane);
      }
      if (chunk + 1 < end) {
        next[r] = Format::codes(unit_of<Format>(weights[r], chunk + 1),
                                (chunk + 1) % Format::unit_chunks, lane);
      }
    }
    copy_wait<1>();
    block_barrier();
    copy(chunk + 2);
    const unsigned char *stage = shared + chunk % stages * stage_bytes;
#pragma unroll
    for (int s = 0; s < 4; s++) {
      uint32_t a[row_tiles][4];
#pragma unroll
      for (int r = 0; r < row_tiles; r++) {
        Format::registers(a[r], now[r], scales[r], part, s);
      }
#pragma unroll
      for (int n = 0; n < tiles; n += 2) {
        uint32_t b[4];
        load_matrices(b, stage + ((n + lane / 16) * 8 + 2 * s + lane / 8 % 2) * 128 + lane % 8 * 16);
#pragma unroll
        for (int r = 0; r < row_tiles; r++) {
          mma(Kind(), *(float(*)[4])(sums + (r * tiles + n) * 4), a[r], b[0], b[1]);
          mma(Kind(), *(float(*)[4])(sums + (r * tiles + n + 1) * 4), a[r], b[2], b[3]);
        }
      }
    }
  }
  copy_wait<0>();
  int block = blockIdx.y * gridDim.x + blockIdx.x;
  if (!last_of_splits<128>(sums, block, blockIdx.z, gridDim.z, partials, arrivals)) {
    return;
  }
#pragma unroll
  for (int r = 0; r < row_tiles; r++) {
    finish<Kind, tiles>(to, in.out_rows, first_tile + r, first_row, rows_of(counts, selected),
                        sums + r * tiles * 4);
  }
}

// --- Warpgroups -----------------------------------------------------------------------------

#if defined(FB_WARPGROUPS)
// Per piece. Where few rows leave the matrix units idle, memory is what is waited for, and more of it
// has to be under way.
template <typename Format, int Rows>
struct GroupChunks {
  static constexpr int code_registers = sizeof(typename Format::Codes) / 4;
  static constexpr int value = Format::unit_chunks > 1 ? Format::unit_chunks
                               : Rows == 256           ? 1
                               : code_registers > 8    ? 2
                                                       : 4;
};

// Each of the two warpgroups takes 4 row tiles, one per warp: while one turns codes into operands, the
// matrix units work for the other. full: a stage's bytes are there; empty: all warps are done with it.
// The first warp copies.
template <typename Format, int Rows>
FB_DEVICE void linear_group(const StepCounts *counts, int selected, LinearIn in, LinearOut to,
                            float *partials, int *arrivals) {
  constexpr int stages = 4;
  constexpr int ahead = GroupChunks<Format, Rows>::value;
  constexpr int tiles = Rows / 8;
  constexpr int stage_bytes = tiles * 1024;
  using Kind = typename Format::Kind;
  FB_DYNAMIC_SHARED(shared);
  PhaseBarrier *full = (PhaseBarrier *)(shared + stages * stage_bytes);
  PhaseBarrier *empty = full + stages;

  int row_count = rows_of(counts, selected);
  int first_row = blockIdx.x * Rows;
  if (first_row >= row_count) {
    return;
  }
  int lane = threadIdx.x % 32;
  int warp = threadIdx.x / 32;
  int tile_count = tiles_of(in, to);
  int tile = blockIdx.y * 8 + warp;
  Columns columns = columns_of(in.chunks / Format::unit_chunks, blockIdx.z, gridDim.z);
  int from = columns.from * Format::unit_chunks;
  int chunks = columns.end * Format::unit_chunks - from;

  const uint8_t *weights = in.weights + min(tile, tile_count - 1) * tile_bytes<Format>(in.chunks);
  const unsigned char *operand =
      (const unsigned char *)in.operand + (long long)blockIdx.x * tiles * in.chunks * 1024;
  // Of the first warp: fills the stage of chunk `from + i`.
  auto copy = [&](int i) {
    int stage = i % stages;
    if (lane == 0) {
      phase_expect(full + stage, stage_bytes);
    }
    warp_barrier();
    if (lane < tiles) {
      bulk_copy(shared + stage * stage_bytes + lane * 1024,
                operand + ((long long)lane * in.chunks + from + i) * 1024, 1024, full + stage);
    }
  };
  if (threadIdx.x == 0) {
    for (int i = 0; i < stages; i++) {
      phase_init(full + i, 1);
      phase_init(empty + i, 8);
    }
    phase_publish();
  }
  block_barrier();
  if (warp == 0) {
    for (int i = 0; i < min(stages - 1, chunks); i++) {
      copy(i);
    }
  }

  float sums[Rows / 2];
#pragma unroll
  for (int i = 0; i < Rows / 2; i++) {
    sums[i] = 0;
  }
  Piece<Format, ahead> piece;
  piece.load(weights, from, from + chunks, lane);
  for (int first = 0; first < chunks; first += ahead) {
    piece.begin();
#pragma unroll
    for (int j = 0; j < ahead; j++) {
      int i = first + j;
      if (Format::unit_chunks == 1 && i >= chunks) {
        break;
      }
      uint32_t a[4][4];
#pragma unroll
      for (int s = 0; s < 4; s++) {
        piece.registers(a[s], j, s);
        products_operand(a[s]);
      }
      piece.load(weights, from + first + ahead, from + chunks, j, lane);
      int stage = i % stages;
      phase_wait(full + stage, i / stages % 2);
      const unsigned char *b = shared + stage * stage_bytes;
      products_fence();
#pragma unroll
      for (int s = 0; s < 4; s++) {
        product(Kind(), sums, a[s], product_operand(b + s * 256, 1024));
      }
      products_commit();
      int last = i + stages - 1;
      if (warp == 0 && last < chunks) {
        if (i > 0) {
          phase_wait(empty + last % stages, (i - 1) / stages % 2);
        }
        copy(last);
      }
      products_wait<0>();
      if (lane == 0) {
        phase_arrive(empty + stage);
      }
    }
  }
  int block = blockIdx.y * gridDim.x + blockIdx.x;
  if (last_of_splits<256>(sums, block, blockIdx.z, gridDim.z, partials, arrivals)) {
    finish<Kind, tiles>(to, in.out_rows, tile, first_row, rows_of(counts, selected), sums);
  }
}
#define FB_GROUP_BODY(Format, Rows)                                                              \
  linear_group<Format, Rows>(counts, selected, in, to, partials, arrivals);
#else
#define FB_GROUP_BODY(Format, Rows) // the host asks for it on sm_90 alone
#endif
#if defined(FB_SHIM) || !defined(FB_WARPGROUPS)
#define FB_MANY_BODY(Format) linear_many<Format>(counts, selected, in, to, partials, arrivals);
#else
#define FB_MANY_BODY(Format) // and for this one elsewhere
#endif

// --- Entries --------------------------------------------------------------------------------
// counts of the step; selected: 1 for the rows whose logits are wanted, 0 for all; partials and
// arrivals as for last_of_splits, unused without splits.

#define FB_ENTRY(name, bounds)                                                                   \
  extern "C" __global__ void __launch_bounds__ bounds name(                                      \
      const StepCounts *counts, int selected, LinearIn in, LinearOut to, float *partials,        \
      int *arrivals)

#define FB_FEW(name, Format, rows, column_warps, blocks)                                         \
  FB_ENTRY(linear_few_##name##_##rows, (256, blocks)) {                                          \
    linear_few<Format, rows / 8, column_warps>(counts, selected, in, to, partials, arrivals);    \
  }                                                                                              \
  FB_KERNEL(linear_few_##name##_##rows)

#define FB_GROUP(name, Format, rows)                                                             \
  FB_ENTRY(linear_group_##name##_##rows, (256, 1)) { FB_GROUP_BODY(Format, rows) }               \
  FB_KERNEL(linear_group_##name##_##rows)

#define FB_LINEAR(name, Format)                                                                  \
  FB_FEW(name, Format, 8, 8, 3)                                                                  \
  FB_FEW(name, Format, 16, 2, 2)                                                                 \
  FB_FEW(name, Format, 32, 2, 2)                                                                 \
  FB_ENTRY(linear_many_##name, (128)) { FB_MANY_BODY(Format) }                                   \
  FB_KERNEL(linear_many_##name)                                                                  \
  FB_GROUP(name, Format, 64)                                                                     \
  FB_GROUP(name, Format, 128)                                                                    \
  FB_GROUP(name, Format, 256)

FB_LINEAR(f16, HalfWeights)
FB_LINEAR(bf16, BrainWeights)
FB_LINEAR(q8_0, Q8_0)
FB_LINEAR(q4_0, Q4_0)
FB_LINEAR(q4_k, Q4_K)
FB_LINEAR(q5_k, Q5_K)
FB_LINEAR(q6_k, Q6_K)
