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
//   splits         [rows + 1] the first partial of each row; rows with one or none have no partial
//                  to combine
//
// F8 caches are multiplied as F16 whatever Kind is, which holds them exactly; the query is rounded
// to F16 for them. A row's result depends on no other row of the step, but on how it was split: a
// prefill walks tiles of 64 positions, a decode's warps 16 of each 64 for themselves, so that the
// two agree to rounding, not to the bit.
#include "kernels.cuh"

// A piece of work, from the host.
struct AttendItem {
  int row;
  int row_count; // prefill: 1 to 64 consecutive rows, at consecutive positions of one sequence
  int from;      // decode: the positions [from, to) of the row's sequence
  int to;
  int partial; // decode: which partial to write; below 0: the row's final result
};

static constexpr int warp_positions = 16; // that a warp copies at a time
static constexpr int tile_positions = 64;
static constexpr int warp_count = 4;
static constexpr float log2_e = 1.44269504f;
static constexpr int lent_bytes = 101376; // shared memory that any device lends one block

// A slot's row in shared memory is 16 bytes longer than the slot, an odd number of 16 bytes, so
// that eight rows of a matrix lie in different banks.
template <typename Element, int Stride>
struct Shape {
  static constexpr int bytes = Stride * (int)sizeof(Element);
  static constexpr int pitch = bytes + 16;
};

// What a cache's elements are multiplied as.
template <typename Kind, typename Cache>
struct Multiplied {
  using Type = Kind;
};
template <typename Kind>
struct Multiplied<Kind, F8> {
  using Type = F16;
};

// --- Rotation -------------------------------------------------------------------------------

// Normalises, rotates and stores the heads of a row: q to query, k and v to the cache. A warp
// does one head. Moves 4 bytes per element in, 2 (or 1) out.
template <typename Kind, typename Cache, int Stride>
FB_DEVICE void rope_kv(const StepView &step, const KvView &kv, const float *qkv, int qkv_width,
                       Kind *query, const float *q_norm, const float *k_norm, float epsilon,
                       const float *cosines, const float *sines, int pairs, int adjacent,
                       int head_dim, int heads) {
  int row = blockIdx.x;
  int head = blockIdx.y * warp_count + threadIdx.x / FB_WARP;
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

// --- Tiles ----------------------------------------------------------------------------------

// Where the keys of a position lie in the pool, in bytes.
template <typename Cache, int Stride>
FB_DEVICE long long slot_offset(const StepView &step, const KvView &kv, int table, int head,
                                int position, int to) {
  if (position >= to) {
    return 0;
  }
  int block = step.blocks[table + (position >> kv.block_shift)];
  return kv_offset<Cache>(kv, block, head, position & ((1 << kv.block_shift) - 1), Stride);
}

// Begins to copy 16 slots to shared memory, a warp's work. Lane i < 16 gives slot i's offset; slots
// from count on become 0, whatever the cache holds there.
template <typename Cache, int Stride>
FB_DEVICE void copy_slots(uint8_t *shared, const uint8_t *pool, long long offset, int count) {
  constexpr int chunks = Shape<Cache, Stride>::bytes / 16;
  int lane = threadIdx.x % FB_WARP;
#pragma unroll
  for (int i = 0; i < warp_positions * chunks / FB_WARP; i++) {
    int index = i * FB_WARP + lane;
    int slot = index / chunks;
    int at = index % chunks * 16;
    long long from = shuffle(offset, slot);
    copy_async(shared + slot * Shape<Cache, Stride>::pitch + at, pool + from + at, slot < count);
  }
}

// Rows of the query to shared memory, the block's work; rows from count on are 0. For an F8 cache
// the 16 elements of a matrix step are put in the order in which widen gives a key's.
template <typename Kind, typename Cache, int Stride, int Rows>
FB_DEVICE void load_query(uint8_t *shared, const Kind *query, long long row_stride, int count) {
  constexpr int steps = Stride / 16;
  for (int i = threadIdx.x; i < Rows * steps; i += warp_count * FB_WARP) {
    int row = i / steps;
    int column = i % steps * 16;
    uint4 low = make_uint4(0, 0, 0, 0);
    uint4 high = low;
    if (row < count) {
      const uint4 *from = (const uint4 *)(query + row * row_stride + column);
      low = from[0];
      high = from[1];
    }
    if (sizeof(Cache) == 1) {
      uint32_t in[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
      uint32_t even[4];
      uint32_t odd[4];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        even[j] = round_pair<F16>(low_of<Kind>(in[2 * j]), low_of<Kind>(in[2 * j + 1]));
        odd[j] = round_pair<F16>(high_of<Kind>(in[2 * j]), high_of<Kind>(in[2 * j + 1]));
      }
      low = make_uint4(even[0], even[1], even[2], even[3]);
      high = make_uint4(odd[0], odd[1], odd[2], odd[3]);
    }
    uint4 *to = (uint4 *)(shared + row * Shape<Kind, Stride>::pitch + column * 2);
    to[0] = low;
    to[1] = high;
  }
}

// scores[16 rows][16 Groups positions] of 16 query rows, each 8 positions a fragment.
template <typename Kind, typename Cache, int Stride, int Groups>
FB_DEVICE void score(float (&scores)[2 * Groups][4], const uint8_t *query, const uint8_t *keys) {
  constexpr int steps = 2 / (int)sizeof(Cache); // matrix steps in 32 bytes of a slot
  constexpr int pitch = Shape<Cache, Stride>::pitch;
  int lane = threadIdx.x % FB_WARP;
  query += lane % 16 * Shape<Kind, Stride>::pitch + lane / 16 * 16;
  keys += (lane / 16 * 8 + lane % 8) * pitch + lane / 8 % 2 * 16;
#pragma unroll
  for (int i = 0; i < 2 * Groups; i++) {
    scores[i][0] = scores[i][1] = scores[i][2] = scores[i][3] = 0;
  }
#pragma unroll
  for (int c = 0; c < Shape<Cache, Stride>::bytes / 32; c++) {
    uint32_t q[steps][4];
#pragma unroll
    for (int step = 0; step < steps; step++) {
      load_matrices(q[step], query + (c * steps + step) * 32);
    }
#pragma unroll
    for (int i = 0; i < Groups; i++) {
      uint32_t k[4];
      load_matrices(k, keys + i * 16 * pitch + c * 32);
      if constexpr (sizeof(Cache) == 2) {
        mma(Kind{}, scores[2 * i], q[0], k[0], k[1]);
        mma(Kind{}, scores[2 * i + 1], q[0], k[2], k[3]);
      } else {
#pragma unroll
        for (int step = 0; step < steps; step++) {
          uint32_t even, odd;
          widen(k[step], even, odd);
          mma(F16{}, scores[2 * i], q[step], even, odd);
          widen(k[2 + step], even, odd);
          mma(F16{}, scores[2 * i + 1], q[step], even, odd);
        }
      }
    }
  }
}

// The state of a softmax under way, for rows lane / 4 and lane / 4 + 8 of a fragment: the greatest
// score so far (times log2(e)), and this lane's part of the sum.
struct Softmax {
  float top[2] = {-INFINITY, -INFINITY};
  float sum[2] = {0, 0};
};

// Turns scores into weights, relative to the new greatest score, and scales what was summed so far
// to it. factor is the scores' scale times log2(e).
template <int Fragments, int Tiles>
FB_DEVICE void weigh(float (&scores)[Fragments][4], float factor, Softmax &state,
                     float (&out)[Tiles][4]) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float top = -INFINITY;
#pragma unroll
    for (int i = 0; i < Fragments; i++) {
      top = fmaxf(top, fmaxf(scores[i][2 * half], scores[i][2 * half + 1]));
    }
    top = fmaxf(top, shuffle_xor(top, 1));
    top = fmaxf(top, shuffle_xor(top, 2));
    top = fmaxf(state.top[half], top * factor);
    float base = top == -INFINITY ? 0 : top;
    float kept = fast_exp2(state.top[half] - base);
    state.top[half] = top;
    float sum = 0;
#pragma unroll
    for (int i = 0; i < Fragments; i++) {
#pragma unroll
      for (int j = 2 * half; j < 2 * half + 2; j++) {
        scores[i][j] = fast_exp2(scores[i][j] * factor - base);
        sum += scores[i][j];
      }
    }
    state.sum[half] = state.sum[half] * kept + sum;
#pragma unroll
    for (int i = 0; i < Tiles; i++) {
      out[i][2 * half] *= kept;
      out[i][2 * half + 1] *= kept;
    }
  }
}

// out += weights * values, over 16 Groups positions.
template <typename Kind, typename Cache, int Stride, int Groups>
FB_DEVICE void accumulate(float (&out)[Stride / 8][4], const float (&weights)[2 * Groups][4],
                          const uint8_t *values) {
  using Math = typename Multiplied<Kind, Cache>::Type;
  constexpr int pitch = Shape<Cache, Stride>::pitch;
  int lane = threadIdx.x % FB_WARP;
  values += lane % 16 * pitch + lane / 16 * 16;
#pragma unroll
  for (int i = 0; i < Groups; i++) {
    const float(&low)[4] = weights[2 * i];
    const float(&high)[4] = weights[2 * i + 1];
    uint32_t a[4] = {round_pair<Math>(low[0], low[1]), round_pair<Math>(low[2], low[3]),
                     round_pair<Math>(high[0], high[1]), round_pair<Math>(high[2], high[3])};
#pragma unroll
    for (int c = 0; c < Shape<Cache, Stride>::bytes / 32; c++) {
      uint32_t v[4];
      load_matrices_transposed(v, values + i * 16 * pitch + c * 32);
      if constexpr (sizeof(Cache) == 2) {
        mma(Math{}, out[2 * c], a, v[0], v[1]);
        mma(Math{}, out[2 * c + 1], a, v[2], v[3]);
      } else {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          uint32_t even[2], odd[2];
          widen(v[2 * half], even[0], odd[0]);
          widen(v[2 * half + 1], even[1], odd[1]);
          mma(Math{}, out[4 * c + 2 * half], a, even[0], even[1]);
          mma(Math{}, out[4 * c + 2 * half + 1], a, odd[0], odd[1]);
        }
      }
    }
  }
}

// Calls use(half, column, low, high) for this lane's elements column and column + 1 of fragment
// row lane / 4 + 8 half. With an F8 cache a fragment holds every other column of 16.
template <typename Cache, int Stride, typename Use>
FB_DEVICE void each_pair(const float (&out)[Stride / 8][4], Use use) {
  int t = threadIdx.x % 4;
#pragma unroll
  for (int i = 0; i < Stride / 16; i++) {
    const float(&a)[4] = out[2 * i];
    const float(&b)[4] = out[2 * i + 1];
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int j = 2 * half;
      if (sizeof(Cache) == 2) {
        use(half, 16 * i + 2 * t, a[j], a[j + 1]);
        use(half, 16 * i + 8 + 2 * t, b[j], b[j + 1]);
      } else {
        use(half, 16 * i + 4 * t, a[j], b[j]);
        use(half, 16 * i + 4 * t + 2, a[j + 1], b[j + 1]);
      }
    }
  }
}

FB_DEVICE float quad_sum(float x) {
  x += shuffle_xor(x, 1);
  return x + shuffle_xor(x, 2);
}

FB_DEVICE float inverse(float sum) { return sum > 0 ? 1 / sum : 0; }

// --- Decode ---------------------------------------------------------------------------------

// Tiles of keys and values that a block holds at a time: two, but for the longest slots.
template <typename Cache, int Stride>
struct DecodeShape {
  static constexpr int stages = Shape<Cache, Stride>::bytes > 256 ? 1 : 2;
  static constexpr int query_bytes = 16 * (Stride * 2 + 16);
  static constexpr int state_bytes = warp_count * 16 * (int)sizeof(float2);
  static constexpr int warp_bytes = 2 * warp_positions * Shape<Cache, Stride>::pitch; // a stage
  static constexpr int shared_bytes =
      query_bytes + state_bytes + warp_count * stages * warp_bytes;
  // The warps' results lie where their tiles lay; the pitch keeps writes in different banks.
  static constexpr int out_pitch = Stride + 8;
  static_assert(warp_count * 16 * out_pitch * 4 <= warp_count * stages * warp_bytes, "too large");
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
      for (int i = 0; i < warp_count; i++) {
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
    for (int i = threadIdx.x; i < count * (Stride / 2); i += warp_count * FB_WARP) {
      int row = i / (Stride / 2);
      int column = i % (Stride / 2) * 2;
      float top = top_of(row);
      float base = top == -INFINITY ? 0 : top;
      float sum = 0;
      float2 total = make_float2(0, 0);
      for (int w = 0; w < warp_count; w++) {
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
