// Attention over the paged KV cache: what lies between the QKV projection and the output
// projection of a layer.
//
// A name ends in _K_C_S or _K_S: K the operands' kind (f16, bf16), C the cache's elements (kv16:
// as the operands, kv8: F8), S the head's stride, the least of 64, 96, 128 and 256 that holds
// head_dim, which is even. All blocks have 128 threads, combine's 64. Arguments, in their order,
// where Kind * is a pointer to 16-bit elements:
//
//   rope_kv_K_C_S         grid (rows, ceil((heads + 2 kv_heads) / 4)), no shared memory
//     StepView step, KvView kv, const float *qkv, int qkv_width, Kind *query,
//     const float *q_norm, const float *k_norm, float epsilon,
//     const float *cosines, const float *sines, int pairs, int adjacent, int head_dim, int heads
//   attend_decode_K_C_S   grid (decode items, kv_heads)
//     StepView step, KvView kv, const AttendItem *items, const Kind *query, Kind *attended,
//     float *partial_out, float2 *partial_state, float scale, int head_dim, int heads, int columns
//   attend_combine_K_S    grid (rows, heads), no shared memory
//     StepView step, const int *splits, const float *partial_out, const float2 *partial_state,
//     Kind *attended, int head_dim, int heads, int columns
//   attend_prefill_K_C_S  grid (prefill items, heads)
//     StepView step, KvView kv, const AttendItem *items, const Kind *query, Kind *attended,
//     float scale, int head_dim, int heads, int columns
//
// Bytes of dynamic shared memory that the host requests:
//
//             decode kv16   decode kv8   prefill kv16   prefill kv8
//     64            39680        23296          27648         19456
//     96            57088        32512          39936         27648
//     128           74496        41728          52224         35840
//     256           76544        78592         101376         68608
//
// Buffers:
//
//   qkv            [row][qkv_width] floats: q at 0, k at heads * head_dim, v after k's kv_heads
//   query          [row][head][stride], Kind, not scaled, 0 past head_dim
//   attended       operand [row][head * head_dim + d], of width columns; only these are written
//   partial_out    [partial][head][stride] floats, not divided by the sum
//   partial_state  [partial][head] the greatest score, times log2(e), and the sum
//   splits         [rows + 1] the first partial of each row; a row has none, or two and more
//
// query, the pool and its slots lie at multiples of 16 bytes; partial_out of 8.
//
// F8 caches are multiplied as F16 whatever Kind is, which holds them exactly; the query is rounded
// to F16 for them. A row's result depends on no other row of the step, but on how it was split: a
// prefill walks tiles of 64 positions, a decode's warps 16 of each 64 for themselves, so that the
// two agree to rounding, not to the bit.
#include "attend_tiles.cuh"

static constexpr int lent_bytes = 101376; // shared memory that any device lends one block

// --- Rotation -------------------------------------------------------------------------------

// Normalises, rotates and stores the heads of a row: q to query, k and v to the cache. A warp
// does one head. Moves 4 bytes per element in, 2 (or 1) out.
template <typename Kind, typename Cache, int Stride>
FB_DEVICE void rope_kv(const StepView &step, const KvView &kv, const float *qkv, int qkv_width,
                       Kind *query, const float *q_norm, const float *k_norm, float epsilon,
                       const float *cosines, const float *sines, int pairs, int adjacent,
                       int head_dim, int heads) {
  int row = blockIdx.x;
  int head = blockIdx.y * attend_warps + threadIdx.x / FB_WARP;
  if (row >= step.counts->rows || head >= heads + 2 * kv.kv_heads) {
    return;
  }
  int lane = threadIdx.x % FB_WARP;
  const float *source = qkv + (long long)row * qkv_width + head * head_dim;
  int position = step.positions[row];
  bool is_query = head < heads;
  bool is_value = head >= heads + kv.kv_heads;
  const float *norm = is_value ? nullptr : is_query ? q_norm : k_norm;

  float factor = 1;
  if (norm != nullptr) {
    float sum = 0;
    for (int d = lane; d < head_dim; d += FB_WARP) {
      sum += source[d] * source[d];
    }
    factor = rsqrtf(warp_sum(sum) / head_dim + epsilon);
  }
  auto normal = [&](int d) { return norm == nullptr ? source[d] : source[d] * factor * norm[d]; };
  auto rotated = [&](int d) {
    if (d >= head_dim) {
      return 0.f;
    }
    float x = normal(d);
    if (is_value || d >= 2 * pairs) {
      return x;
    }
    bool first = adjacent ? d % 2 == 0 : d < pairs;
    int distance = adjacent ? 1 : pairs;
    int pair = adjacent ? d / 2 : first ? d : d - pairs;
    float cosine = cosines[(long long)position * pairs + pair];
    float sine = sines[(long long)position * pairs + pair];
    float other = normal(first ? d + distance : d - distance);
    return first ? x * cosine - other * sine : other * sine + x * cosine;
  };

  Kind *query_head = query + ((long long)row * heads + head) * Stride;
  Cache *slot = nullptr;
  if (!is_query) {
    int block = step.blocks[step.tables[row] + (position >> kv.block_shift)];
    int kv_head = (head - heads) % kv.kv_heads;
    long long at = kv_offset<Cache>(kv, block, kv_head,
                                    position & ((1 << kv.block_shift) - 1), Stride);
    slot = (Cache *)(kv.pool + at + (is_value ? kv.value_bytes : 0));
  }
  for (int d = 2 * lane; d < Stride; d += 2 * FB_WARP) {
    float low = rotated(d);
    float high = rotated(d + 1);
    if (is_query) {
      *(uint32_t *)(query_head + d) = round_pair<Kind>(low, high);
    } else if (sizeof(Cache) == 2) {
      *(uint32_t *)(slot + d) = round_pair<Kind>(low, high);
    } else {
      *(uint16_t *)(slot + d) =
          (uint16_t)(round_to<F8>(low).bits | round_to<F8>(high).bits << 8);
    }
  }
}

// --- Decode ---------------------------------------------------------------------------------

// Tiles of keys and values that a block holds at a time: two, but for the longest slots.
template <typename Cache, int Stride>
struct DecodeShape {
  static constexpr int stages = Shape<Cache, Stride>::bytes > 256 ? 1 : 2;
  static constexpr int query_bytes = 16 * (Stride * 2 + 16);
  static constexpr int state_bytes = attend_warps * 16 * (int)sizeof(float2);
  static constexpr int warp_bytes = 2 * warp_positions * Shape<Cache, Stride>::pitch; // a stage
  static constexpr int shared_bytes =
      query_bytes + state_bytes + attend_warps * stages * warp_bytes;
  // The warps' results lie where their tiles lay; the pitch keeps writes in different banks.
  static constexpr int out_pitch = Stride + 8;
  static_assert(attend_warps * 16 * out_pitch * 4 <= attend_warps * stages * warp_bytes, "too large");
  static_assert(shared_bytes <= lent_bytes, "too large");
};

// One KV head of one row over a range of positions. The query heads that share the KV head are the
// rows of a matrix tile, so that each key and value is read once for 16 of them. A warp takes 16 of
// each 64 positions and waits for no other until the end; it keeps stages of keys and as many of
// values under way. Moves 2 Stride sizeof(Cache) bytes per position.
template <typename Kind, typename Cache, int Stride>
FB_DEVICE void attend_decode(const StepView &step, const KvView &kv, const AttendItem *items,
                             const Kind *query, Kind *attended, float *partial_out,
                             float2 *partial_state, float scale, int head_dim, int heads,
                             int columns) {
  using Decode = DecodeShape<Cache, Stride>;
  constexpr int stages = Decode::stages;
  constexpr int tile_bytes = warp_positions * Shape<Cache, Stride>::pitch;
  FB_DYNAMIC_SHARED(shared);
  if ((int)blockIdx.x >= step.counts->decode_items) {
    return;
  }
  AttendItem item = items[blockIdx.x];
  int kv_head = blockIdx.y;
  int group = heads / kv.kv_heads;
  int lane = threadIdx.x % FB_WARP;
  int warp = threadIdx.x / FB_WARP;
  int table = step.tables[item.row];
  int first = item.from + warp * warp_positions;
  int tiles = max(0, (item.to - first + tile_positions - 1) / tile_positions);
  float2 *states = (float2 *)(shared + Decode::query_bytes); // [warp][16]
  uint8_t *warp_tiles = shared + Decode::query_bytes + Decode::state_bytes;
  float *outs = (float *)warp_tiles; // [warp][16][out_pitch]
  warp_tiles += warp * stages * Decode::warp_bytes;

  auto offset_of = [&](int tile) {
    int position = first + tile * tile_positions + lane % warp_positions;
    return slot_offset<Cache, Stride>(step, kv, table, kv_head, position, item.to);
  };
  // part 0: keys, 1: values
  auto copy = [&](int tile, int part, long long offset) {
    if (tile < tiles) {
      copy_slots<Cache, Stride>(warp_tiles + (tile % stages * 2 + part) * tile_bytes,
                                kv.pool + part * kv.value_bytes, offset,
                                item.to - first - tile * tile_positions);
    }
    copy_commit();
  };

  for (int head = kv_head * group; head < (kv_head + 1) * group; head += 16) {
    int count = min(16, (kv_head + 1) * group - head);
    for (int tile = 0; tile < stages; tile++) {
      long long offset = offset_of(tile);
      copy(tile, 0, offset);
      copy(tile, 1, offset);
    }
    long long row_head = (long long)item.row * heads + head;
    load_query<Kind, Cache, Stride, 16>(shared, query + row_head * Stride, Stride, count);
    block_barrier();

    Softmax state;
    float out[Stride / 8][4] = {};
    long long offset = offset_of(stages);
    for (int tile = 0; tile < tiles; tile++) {
      const uint8_t *keys = warp_tiles + tile % stages * 2 * tile_bytes;
      float scores[2][4];
      copy_wait<2 * stages - 1>();
      warp_barrier();
      score<Kind, Cache, Stride, 1>(scores, shared, keys);
      warp_barrier();
      copy(tile + stages, 0, offset);

      int left = item.to - first - tile * tile_positions;
      if (left < warp_positions) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
          if (i / 4 * 8 + lane % 4 * 2 + i % 2 >= left) {
            scores[i / 4][i % 4] = -INFINITY;
          }
        }
      }
      weigh(scores, scale * log2_e, state, out);

      copy_wait<2 * stages - 1>();
      warp_barrier();
      accumulate<Kind, Cache, Stride, 1>(out, scores, keys + tile_bytes);
      warp_barrier();
      copy(tile + stages, 1, offset);
      offset = offset_of(tile + 1 + stages);
    }

    // All warps' results relative to the greatest score of all.
    int g = lane / 4;
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float sum = quad_sum(state.sum[half]);
      if (lane % 4 == 0) {
        states[warp * 16 + g + 8 * half] = make_float2(state.top[half], sum);
      }
    }
    block_barrier();
    auto top_of = [&](int row) {
      float top = -INFINITY;
      for (int i = 0; i < attend_warps; i++) {
        top = fmaxf(top, states[i * 16 + row].x);
      }
      return top;
    };
    float kept[2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float top = top_of(g + 8 * half);
      kept[half] = top == -INFINITY ? 0 : fast_exp2(state.top[half] - top);
    }
    each_pair<Cache, Stride>(out, [&](int half, int column, float low, float high) {
      int row = g + 8 * half;
      if (row < count) {
        *(float2 *)(outs + (warp * 16 + row) * Decode::out_pitch + column) =
            make_float2(low * kept[half], high * kept[half]);
      }
    });
    block_barrier();
    for (int i = threadIdx.x; i < count * (Stride / 2); i += attend_warps * FB_WARP) {
      int row = i / (Stride / 2);
      int column = i % (Stride / 2) * 2;
      float top = top_of(row);
      float base = top == -INFINITY ? 0 : top;
      float sum = 0;
      float2 total = make_float2(0, 0);
      for (int w = 0; w < attend_warps; w++) {
        float2 part = *(const float2 *)(outs + (w * 16 + row) * Decode::out_pitch + column);
        total.x += part.x;
        total.y += part.y;
        sum += states[w * 16 + row].y * fast_exp2(states[w * 16 + row].x - base);
      }
      if (item.partial < 0) {
        if (column < head_dim) {
          long long at = operand_index(item.row, (head + row) * head_dim + column, columns);
          float by = inverse(sum);
          *(uint32_t *)(attended + at) = round_pair<Kind>(total.x * by, total.y * by);
        }
      } else {
        long long partial_head = (long long)item.partial * heads + head + row;
        *(float2 *)(partial_out + partial_head * Stride + column) = total;
        if (column == 0) {
          partial_state[partial_head] = make_float2(top, sum);
        }
      }
    }
    block_barrier();
  }
}

// Adds up the partials of a row and head, in their order. Moves 4 Stride bytes per partial.
template <typename Kind, int Stride>
FB_DEVICE void attend_combine(const StepView &step, const int *splits, const float *partial_out,
                              const float2 *partial_state, Kind *attended, int head_dim, int heads,
                              int columns) {
  int row = blockIdx.x;
  int head = blockIdx.y;
  if (row >= step.counts->rows) {
    return;
  }
  int from = splits[row];
  int to = splits[row + 1];
  if (to - from <= 1) {
    return;
  }
  float top = -INFINITY;
  for (int i = from; i < to; i++) {
    top = fmaxf(top, partial_state[(long long)i * heads + head].x);
  }
  float base = top == -INFINITY ? 0 : top;
  for (int d = 2 * threadIdx.x; d < head_dim; d += 2 * 64) {
    float sum = 0;
    float2 total = make_float2(0, 0);
    for (int i = from; i < to; i++) {
      long long at = (long long)i * heads + head;
      float2 state = partial_state[at];
      float2 part = *(const float2 *)(partial_out + at * Stride + d);
      float kept = fast_exp2(state.x - base);
      sum += state.y * kept;
      total.x += part.x * kept;
      total.y += part.y * kept;
    }
    float by = inverse(sum);
    *(uint32_t *)(attended + operand_index(row, head * head_dim + d, columns)) =
        round_pair<Kind>(total.x * by, total.y * by);
  }
}

// --- Prefill --------------------------------------------------------------------------------

template <typename Cache, int Stride>
struct PrefillShape {
  static constexpr int query_bytes = 64 * (Stride * 2 + 16);
  static constexpr int tile_bytes = tile_positions * Shape<Cache, Stride>::pitch;
  static constexpr int shared_bytes = query_bytes + 2 * tile_bytes;
  static_assert(shared_bytes <= lent_bytes, "too large");
};

// One head of up to 64 rows, 16 a warp, each over the positions up to its own. Keys and values
// have a tile each: values are copied while the keys are multiplied, the next keys while the values
// are. Moves 2 Stride sizeof(Cache) bytes per position for 64 rows, mostly from the second cache.
template <typename Kind, typename Cache, int Stride>
FB_DEVICE void attend_prefill(const StepView &step, const KvView &kv, const AttendItem *items,
                              const Kind *query, Kind *attended, float scale, int head_dim,
                              int heads, int columns) {
  using Prefill = PrefillShape<Cache, Stride>;
  FB_DYNAMIC_SHARED(shared);
  if ((int)blockIdx.x >= step.counts->prefill_items) {
    return;
  }
  AttendItem item = items[blockIdx.x];
  int head = blockIdx.y;
  int kv_head = head / (heads / kv.kv_heads);
  int lane = threadIdx.x % FB_WARP;
  int warp = threadIdx.x / FB_WARP;
  int table = step.tables[item.row];
  int first = step.positions[item.row];
  int to = first + item.row_count;
  int warp_first = first + warp * 16; // position of the warp's first row
  bool busy = warp * 16 < item.row_count;
  const uint8_t *warp_query = shared + warp * 16 * Shape<Kind, Stride>::pitch;
  uint8_t *keys = shared + Prefill::query_bytes;
  uint8_t *values = keys + Prefill::tile_bytes;

  auto offset_of = [&](int tile) {
    int position = tile + warp * warp_positions + lane % warp_positions;
    return slot_offset<Cache, Stride>(step, kv, table, kv_head, position, to);
  };
  auto copy = [&](int tile, uint8_t *target, const uint8_t *pool, long long offset) {
    int begin = warp * warp_positions;
    if (tile < to) {
      copy_slots<Cache, Stride>(target + begin * Shape<Cache, Stride>::pitch, pool, offset,
                                to - tile - begin);
    }
    copy_commit();
  };

  long long offset = offset_of(0);
  copy(0, keys, kv.pool, offset);
  load_query<Kind, Cache, Stride, 64>(
      shared, query + ((long long)item.row * heads + head) * Stride, (long long)heads * Stride,
      item.row_count);

  Softmax state;
  float out[Stride / 8][4] = {};
  for (int tile = 0; tile < to; tile += tile_positions) {
    float scores[tile_positions / 8][4];
    bool seen = busy && tile < warp_first + 16;
    copy_wait<0>();
    block_barrier();
    copy(tile, values, kv.pool + kv.value_bytes, offset);
    offset = offset_of(tile + tile_positions);
    if (seen) {
      score<Kind, Cache, Stride, tile_positions / 16>(scores, warp_query, keys);
    }
    copy_wait<0>();
    block_barrier();
    copy(tile + tile_positions, keys, kv.pool, offset);
    if (seen) {
      if (tile + tile_positions - 1 > warp_first) {
        int reach = warp_first + lane / 4 - tile - lane % 4 * 2;
#pragma unroll
        for (int i = 0; i < tile_positions / 2; i++) {
          if (i / 4 * 8 + i % 2 > reach + i % 4 / 2 * 8) {
            scores[i / 4][i % 4] = -INFINITY;
          }
        }
      }
      weigh(scores, scale * log2_e, state, out);
      accumulate<Kind, Cache, Stride, tile_positions / 16>(out, scores, values);
    }
  }
  if (!busy) {
    return;
  }
  float by[2] = {inverse(quad_sum(state.sum[0])), inverse(quad_sum(state.sum[1]))};
  each_pair<Cache, Stride>(out, [&](int half, int column, float low, float high) {
    int row = warp * 16 + lane / 4 + 8 * half;
    if (row < item.row_count && column < head_dim) {
      long long at = operand_index(item.row + row, head * head_dim + column, columns);
      *(uint32_t *)(attended + at) = round_pair<Kind>(low * by[half], high * by[half]);
    }
  });
}

// --- Kernels --------------------------------------------------------------------------------

#define ATTEND_CACHE(kind, Kind, cache, Cache, stride, decode_blocks, prefill_blocks)              \
  extern "C" __global__ void __launch_bounds__(128) rope_kv_##kind##_##cache##_##stride(           \
      StepView step, KvView kv, const float *qkv, int qkv_width, Kind *query,                      \
      const float *q_norm, const float *k_norm, float epsilon, const float *cosines,               \
      const float *sines, int pairs, int adjacent, int head_dim, int heads) {                      \
    rope_kv<Kind, Cache, stride>(step, kv, qkv, qkv_width, query, q_norm, k_norm, epsilon,         \
                                 cosines, sines, pairs, adjacent, head_dim, heads);                \
  }                                                                                                \
  FB_KERNEL(rope_kv_##kind##_##cache##_##stride)                                                   \
  extern "C" __global__ void __launch_bounds__(128, decode_blocks)                                 \
      attend_decode_##kind##_##cache##_##stride(                                                   \
          StepView step, KvView kv, const AttendItem *items, const Kind *query, Kind *attended,    \
          float *partial_out, float2 *partial_state, float scale, int head_dim, int heads,         \
          int columns) {                                                                           \
    attend_decode<Kind, Cache, stride>(step, kv, items, query, attended, partial_out,              \
                                       partial_state, scale, head_dim, heads, columns);            \
  }                                                                                                \
  FB_KERNEL(attend_decode_##kind##_##cache##_##stride)                                             \
  extern "C" __global__ void __launch_bounds__(128, prefill_blocks)                                \
      attend_prefill_##kind##_##cache##_##stride(                                                  \
          StepView step, KvView kv, const AttendItem *items, const Kind *query, Kind *attended,    \
          float scale, int head_dim, int heads, int columns) {                                     \
    attend_prefill<Kind, Cache, stride>(step, kv, items, query, attended, scale, head_dim, heads,  \
                                        columns);                                                  \
  }                                                                                                \
  FB_KERNEL(attend_prefill_##kind##_##cache##_##stride)

#define ATTEND_KIND(kind, Kind, stride, decode_blocks, prefill_blocks)                             \
  ATTEND_CACHE(kind, Kind, kv16, Kind, stride, decode_blocks, prefill_blocks)                      \
  ATTEND_CACHE(kind, Kind, kv8, F8, stride, decode_blocks, prefill_blocks)                         \
  extern "C" __global__ void __launch_bounds__(64) attend_combine_##kind##_##stride(               \
      StepView step, const int *splits, const float *partial_out, const float2 *partial_state,     \
      Kind *attended, int head_dim, int heads, int columns) {                                      \
    attend_combine<Kind, stride>(step, splits, partial_out, partial_state, attended, head_dim,     \
                                 heads, columns);                                                  \
  }                                                                                                \
  FB_KERNEL(attend_combine_##kind##_##stride)

// The last two: how many blocks' registers a multiprocessor is to hold, of decode and prefill.
#define ATTEND_STRIDE(stride, decode_blocks, prefill_blocks)                                       \
  ATTEND_KIND(f16, F16, stride, decode_blocks, prefill_blocks)                                     \
  ATTEND_KIND(bf16, BF16, stride, decode_blocks, prefill_blocks)

ATTEND_STRIDE(64, 4, 4)
ATTEND_STRIDE(96, 4, 3)
ATTEND_STRIDE(128, 3, 3)
ATTEND_STRIDE(256, 2, 2)
