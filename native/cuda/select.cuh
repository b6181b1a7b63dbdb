// Finds a row's token by rank or by the weight of likelier ones, for choose.cu.
//
// Tokens are ranked by 50 bits: the logit's, turned so that the likeliest are the smallest, then
// the id. To find the token at which a count or a weight is reached, a pass over the row sorts
// tokens into bins by their distance from the maximum, the last bin for all that are far; a second
// pass puts the tokens up to the right bin on a list in shared memory, where 10 bits of the order
// at a time lead to the token. Where the list has no room, the row is read for those bits instead.
#pragma once

#include "kernels.cuh"

using u64 = unsigned long long;

namespace choosing {

constexpr int threads = 1024;
constexpr int warp_count = threads / FB_WARP;
constexpr int bin_count = threads; // one per thread when they are summed
constexpr int bin_bits = 10;
constexpr int last_bin = bin_count - 1;
constexpr int list_size = 2048;
constexpr int id_bits = 18;
constexpr int order_bits = 32 + id_bits;
constexpr float lowest = -3.402823466e38f;
constexpr float log2_e = 1.44269504f;

// Weights are in units of 2^-45 of the likeliest token's: 2^18 of them fit 64 bits.
constexpr float weight_unit = 0x1p45f;
// Bins for each halving of the weight. Narrow bins reach 2^-16, which mostly is enough; wide ones
// reach past 2^-48, so that the last bin weighs nothing.
constexpr float narrow_bins = 64;
constexpr float wide_bins = 21;

struct Mass {
  u64 weight;
  uint32_t count;
};
FB_DEVICE Mass plus(Mass a, Mass b) { return {a.weight + b.weight, a.count + b.count}; }
FB_DEVICE Mass minus(Mass a, Mass b) { return {a.weight - b.weight, a.count - b.count}; }

// By 32 bits, since shared memory adds no more at once.
struct Histogram {
  uint32_t low[bin_count];
  uint32_t high[bin_count];
  uint32_t count[bin_count];
};

// The bin at which a goal is reached.
struct Pick {
  int bin;
  Mass before; // of the bins before it
  Mass inside;
};

// How tokens are sorted into bins, and which bins are listed: none where listed_to is the smaller.
struct Bins {
  float per_halving;
  int listed_from;
  int listed_to;
};

struct Shared {
  Histogram coarse; // by distance from the maximum; each bin with those before it
  Histogram fine;   // by 10 bits of the order
  u64 list[list_size]; // orders of the tokens in the listed bins, in any order
  u64 warp_weights[warp_count];
  u64 warp_orders[warp_count];
  double warp_sums[warp_count];
  u64 top[FB_TOP_LIMIT];
  u64 order;
  Pick pick;
  uint32_t warp_counts[warp_count];
  uint32_t listed_count;
  Bins bins;
  uint32_t top_count;
  int token;
  float raw;
};

constexpr int shared_bytes = 42240;
static_assert(sizeof(Shared) <= shared_bytes, "the host asks for this much");

// Each function asks for it itself, so that it knows where it lies.
FB_DEVICE Shared &block_memory() {
  FB_DYNAMIC_SHARED(memory);
  return *(Shared *)memory;
}

// The logits of one row, and how tokens are weighed. Warp w passes over ids from w * chunk.
struct Row {
  const float *logits;  // [vocabulary]
  const uint32_t *mask; // a bit per token, or null
  int vocabulary;
  int chunk; // a multiple of 4
  float max;
  int likeliest;  // the token with the maximum
  float floor;    // no token below counts
  float halvings; // a token's weight is 2^((logit - max) * halvings)
};

// --- Order and weight -----------------------------------------------------------------------

FB_DEVICE bool finite(float x) { return fabsf(x) <= -lowest; }

FB_DEVICE u64 order_of(float logit, int id) {
  uint32_t bits = float_bits(logit);
  uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return (u64)~ascending << id_bits | (uint32_t)id;
}
FB_DEVICE float logit_of(u64 order) {
  uint32_t ascending = ~(uint32_t)(order >> id_bits);
  return bits_float(ascending & 0x80000000u ? ascending & 0x7fffffffu : ~ascending);
}
FB_DEVICE int id_of(u64 order) { return (int)(order & ((1u << id_bits) - 1)); }

// From the maximum, in halvings of the weight.
FB_DEVICE float distance_of(const Row &row, float logit) {
  return (row.max - logit) * row.halvings;
}
FB_DEVICE float weight_of(const Row &row, float logit) {
  return fast_exp2(-distance_of(row, logit));
}
FB_DEVICE u64 whole(float weight) { return (u64)(weight * weight_unit); }

// Its whole part is the bin.
FB_DEVICE float depth_of(const Row &row, const Bins &bins, float logit) {
  return fminf(distance_of(row, logit) * bins.per_halving, (float)last_bin);
}
FB_DEVICE int bin_of(const Row &row, const Bins &bins, float logit) {
  return (int)depth_of(row, bins, logit);
}

// --- Passes ---------------------------------------------------------------------------------

FB_DEVICE bool allowed(const Row &row, int id) {
  return row.mask == nullptr || (row.mask[id / 32] >> (id % 32) & 1);
}

// Four logits from id, a multiple of 4 below the vocabulary; absent for those masked or beyond.
FB_DEVICE void load_four(const Row &row, int id, float absent, float (&logits)[4]) {
  if (row.vocabulary % 4 == 0) {
    float4 four = *(const float4 *)(row.logits + id);
    logits[0] = four.x;
    logits[1] = four.y;
    logits[2] = four.z;
    logits[3] = four.w;
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      logits[i] = id + i < row.vocabulary ? row.logits[id + i] : absent;
    }
  }
  if (row.mask != nullptr) {
    uint32_t bits = row.mask[id / 32] >> (id % 32);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      logits[i] = bits >> i & 1 ? logits[i] : absent;
    }
  }
}

// Calls visit(logits, id of the first) for all tokens, four by four, ids ascending in a thread.
template <typename Visit>
FB_DEVICE void visit_row(const Row &row, float absent, Visit visit) {
  constexpr int turns = 4; // loads under way
  constexpr int stride = FB_WARP * 4;
  int from = threadIdx.x / FB_WARP * row.chunk;
  int end = min(from + row.chunk, row.vocabulary);
  for (int id = from + threadIdx.x % FB_WARP * 4; id < end; id += turns * stride) {
    float logits[turns][4];
#pragma unroll
    for (int i = 0; i < turns; i++) {
      if (id + i * stride < end) {
        load_four(row, id + i * stride, absent, logits[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < turns; i++) {
      if (id + i * stride < end) {
        visit(logits[i], id + i * stride);
      }
    }
  }
}

// Calls visit(logit, order) for the tokens in bins from to to, of the list where it has them.
template <typename Visit>
FB_DEVICE void visit_bins(Shared &shared, const Row &row, int from, int to, Visit visit) {
  Bins bins = shared.bins;
  if (bins.listed_from <= from && to <= bins.listed_to) {
    for (int i = threadIdx.x; i < (int)shared.listed_count; i += threads) {
      u64 order = shared.list[i];
      float logit = logit_of(order);
      int bin = bin_of(row, bins, logit);
      if (bin >= from && bin <= to) {
        visit(logit, order);
      }
    }
    return;
  }
  visit_row(row, NAN, [&](const float(&logits)[4], int id) {
    uint32_t found = 0;
    for (int i = 0; i < 4; i++) {
      float depth = depth_of(row, bins, logits[i]);
      found |= (uint32_t)(logits[i] >= row.floor && depth >= from && depth < to + 1) << i;
    }
#pragma unroll 1
    for (; found != 0; found >>= 1, id++) {
      if (found & 1) {
        float logit = row.logits[id];
        visit(logit, order_of(logit, id));
      }
    }
  });
}

// --- Sums over the block --------------------------------------------------------------------

template <typename T>
FB_DEVICE T warp_total(T x) {
  for (int mask = FB_WARP / 2; mask > 0; mask /= 2) {
    x += shuffle_xor(x, mask);
  }
  return x;
}
FB_DEVICE u64 warp_min(u64 x) {
  for (int mask = FB_WARP / 2; mask > 0; mask /= 2) {
    u64 other = shuffle_xor(x, mask);
    x = other < x ? other : x;
  }
  return x;
}
FB_DEVICE Mass warp_scan(Mass x) {
  int lane = threadIdx.x % FB_WARP;
  for (int delta = 1; delta < FB_WARP; delta *= 2) {
    Mass other = {shuffle_up(x.weight, delta), shuffle_up(x.count, delta)};
    if (lane >= delta) {
      x = plus(x, other);
    }
  }
  return x;
}

// The sum of x over this thread and all before it.
FB_DEVICE Mass block_scan(Shared &shared, Mass x) {
  int lane = threadIdx.x % FB_WARP;
  int warp = threadIdx.x / FB_WARP;
  Mass through = warp_scan(x);
  if (lane == FB_WARP - 1) {
    shared.warp_weights[warp] = through.weight;
    shared.warp_counts[warp] = through.count;
  }
  block_barrier();
  Mass total = {shared.warp_weights[lane], shared.warp_counts[lane]};
  Mass before = minus(warp_scan(total), total);
  before = {shuffle(before.weight, warp), shuffle(before.count, warp)};
  block_barrier();
  return plus(through, before);
}

// --- Histograms -----------------------------------------------------------------------------

FB_DEVICE void clear(Histogram &h) {
  h.low[threadIdx.x] = 0;
  h.high[threadIdx.x] = 0;
  h.count[threadIdx.x] = 0;
}
FB_DEVICE void add(Histogram &h, int bin, Mass mass) {
  uint32_t low = (uint32_t)mass.weight;
  uint32_t high = (uint32_t)(mass.weight >> 32);
  if (low != 0) {
    uint32_t before = atomic_fetch_add(&h.low[bin], low);
    high += before + low < before;
  }
  if (high != 0) {
    atomic_add(&h.high[bin], high);
  }
  atomic_add(&h.count[bin], mass.count);
}
FB_DEVICE Mass bin_mass(const Histogram &h, int bin) {
  return {(u64)h.high[bin] << 32 | h.low[bin], h.count[bin]};
}

// Sorts the row into bins by distance, and sums them up.
FB_FUNCTION void fill(Row row, float bins_per_halving) {
  Shared &shared = block_memory();
  Bins bins = {bins_per_halving, 0, -1};
  if (threadIdx.x == 0) {
    shared.bins = bins;
  }
  clear(shared.coarse);
  block_barrier();
  Mass far = {0, 0};
  visit_row(row, NAN, [&](const float(&logits)[4], int id) {
    float sum = 0;
    uint32_t near = 0;
    for (int i = 0; i < 4; i++) {
      bool counts = logits[i] >= row.floor;
      bool is_near = depth_of(row, bins, logits[i]) < last_bin;
      sum += counts && !is_near ? weight_of(row, logits[i]) : 0;
      far.count += counts && !is_near;
      near |= (uint32_t)(counts && is_near) << i;
    }
    far.weight += whole(sum);
#pragma unroll 1
    for (; near != 0; near >>= 1, id++) {
      if (near & 1) {
        float logit = row.logits[id];
        add(shared.coarse, bin_of(row, bins, logit), {whole(weight_of(row, logit)), 1});
      }
    }
  });
  far = {warp_total(far.weight), warp_total(far.count)};
  if (threadIdx.x % FB_WARP == 0) {
    add(shared.coarse, last_bin, far);
  }
  block_barrier();
  Mass through = block_scan(shared, bin_mass(shared.coarse, threadIdx.x));
  shared.coarse.low[threadIdx.x] = (uint32_t)through.weight;
  shared.coarse.high[threadIdx.x] = (uint32_t)(through.weight >> 32);
  shared.coarse.count[threadIdx.x] = through.count;
  block_barrier();
}

// --- Finding a token by count or weight -----------------------------------------------------

enum Measure { COUNT, WEIGHT };

FB_DEVICE u64 measured(Mass mass, Measure by) { return by == COUNT ? mass.count : mass.weight; }

// The bin at which the goal is reached; each thread gives its own bin, and the sum through it.
FB_DEVICE Pick pick(Shared &shared, Mass own, Mass through, Measure by, u64 goal) {
  u64 reached = measured(through, by);
  if (reached >= goal && reached - measured(own, by) < goal) {
    shared.pick = {(int)threadIdx.x, minus(through, own), own};
  }
  block_barrier();
  Pick picked = shared.pick;
  block_barrier();
  return picked;
}
FB_DEVICE Pick pick_coarse(Shared &shared, Measure by, u64 goal) {
  int bin = threadIdx.x;
  Mass through = bin_mass(shared.coarse, bin);
  Mass before = bin == 0 ? Mass{0, 0} : bin_mass(shared.coarse, bin - 1);
  u64 total = measured(bin_mass(shared.coarse, last_bin), by);
  return pick(shared, minus(through, before), through, by, goal < total ? goal : total);
}

// Lists the tokens of a bin, and of those before it where there is room.
FB_DEVICE void list_bin(Shared &shared, const Row &row, const Pick &picked) {
  int bin = picked.bin;
  if (shared.bins.listed_from <= bin && bin <= shared.bins.listed_to) {
    return;
  }
  bool room_for_all = picked.before.count + picked.inside.count <= list_size;
  if (!room_for_all && picked.inside.count > list_size) {
    return;
  }
  int from = room_for_all ? 0 : bin;
  block_barrier();
  if (threadIdx.x == 0) {
    shared.listed_count = 0;
    shared.bins.listed_to = -1;
  }
  block_barrier();
  visit_bins(shared, row, from, bin, [&](float, u64 order) {
    shared.list[atomic_fetch_add(&shared.listed_count, 1)] = order;
  });
  block_barrier();
  if (threadIdx.x == 0) {
    shared.bins.listed_from = from;
    shared.bins.listed_to = bin;
  }
  block_barrier();
}

struct Place {
  u64 order;    // of the token
  Mass through; // of it and all likelier ones
};

// The token at which goal, from 1, is reached when tokens are counted or weighed from the
// likeliest on; the last that counts where goal is more than all. Where the tokens in question
// weigh nothing and ordered is false, the order stays 0.
FB_FUNCTION Place find(Row row, Measure by, u64 goal, bool ordered) {
  Shared &shared = block_memory();
  bool wide = shared.bins.per_halving == wide_bins;
  Pick picked = pick_coarse(shared, by, goal);
  if (picked.bin == last_bin && !wide) {
    fill(row, wide_bins);
    picked = pick_coarse(shared, by, goal);
  }
  u64 total = measured(plus(picked.before, picked.inside), by);
  goal = goal < total ? goal : total;
  if (picked.inside.weight == 0 && !ordered) {
    return {0, plus(picked.before, picked.inside)};
  }
  list_bin(shared, row, picked);
  int bin = picked.bin;
  u64 prefix = 0;
  int shift = order_bits;
  while (picked.inside.count > 1) {
    Mass before = picked.before;
    shift -= bin_bits;
    clear(shared.fine);
    block_barrier();
    visit_bins(shared, row, bin, bin, [&](float logit, u64 order) {
      if (order >> (shift + bin_bits) == prefix) {
        add(shared.fine, (int)(order >> shift) & last_bin, {whole(weight_of(row, logit)), 1});
      }
    });
    block_barrier();
    Mass own = bin_mass(shared.fine, threadIdx.x);
    Mass through = plus(before, block_scan(shared, own));
    picked = pick(shared, own, through, by, goal);
    prefix = prefix << bin_bits | (u64)picked.bin;
  }
  visit_bins(shared, row, bin, bin, [&](float, u64 order) {
    if (order >> shift == prefix) {
      shared.order = order;
    }
  });
  block_barrier();
  u64 order = shared.order;
  block_barrier();
  return {order, plus(picked.before, picked.inside)};
}

} // namespace choosing
