// What decode and prefill share: a warp multiplies 16 rows of the query by tiles of keys and values
// in shared memory, 16 positions at a time, with a softmax that goes along.
#pragma once

#include "kernels.cuh"

static constexpr int warp_positions = 16; // that a warp copies at a time
static constexpr int tile_positions = 64;
static constexpr int attend_warps = 4;
static constexpr float log2_e = 1.44269504f;

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
  for (int i = threadIdx.x; i < Rows * steps; i += attend_warps * FB_WARP) {
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
