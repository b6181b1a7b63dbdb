// Chooses each row's next token from its logits, and reports log-probabilities:
//
//   logits -> edits -> mask -> (temperature 0: the likeliest)
//          -> /temperature -> min_p -> top_k -> top_p -> one draw
//
// One block per logit row. What is chosen depends on the logits, the seed and the index alone:
// weights are summed as integers, or as floats in an order that never changes.
//
// A row's logits (512 KB for 128k tokens) stay in the second cache, and a pass over them is the
// cost. Passes: 1 to choose the likeliest (log-probabilities of the logits as they came need none
// of their own), 2 and a 32nd to draw from all tokens, 3 to draw with top_k or top_p (one more
// where very many tokens are likely), 2 for the likeliest tokens' log-probabilities.
//
// Order. Tokens are ranked by 50 bits: the logit's, turned so that the likeliest are the smallest,
// then the id. To find the token at which a count or a weight is reached, the passes sort tokens
// into bins by their distance from the maximum, the last bin for all that are far; then the
// tokens up to the right bin go to a list in shared memory, and 10 bits of the order at a time
// find the token there. Where they are more than the list holds, the same goes on over the row.
#include "kernels.cuh"

using u64 = unsigned long long;

// What to do with a logit row; the host writes it. 56 bytes.
struct Choice {
  int mode;          //  0: NOTHING, CHOOSE or SCORE
  float temperature; //  4: 0 is greedy
  int top_k;         //  8: 0 keeps all
  float top_p;       // 12: 1 keeps all
  float min_p;       // 16: 0 keeps all
  int draw_index;    // 20: the token's place in the answer
  u64 seed;          // 24
  int scored_token;  // 32: of SCORE
  int top_count;     // 36: -1 no log-probabilities, 0 the token's own, to 20 the likeliest too
  int edits;         // 40: index of the row's first edit; no two rows share one
  int edit_count;    // 44: each token at most once
  int mask;          // 48: index of the row's mask, -1 for none
  int reserved;      // 52
};

// logit += bias; then logit = logit > 0 ? logit / repetition : logit * repetition; then
// logit -= subtract. Afterwards bias holds the logit as it came. 16 bytes.
struct Edit {
  int token;        //  0
  float bias;       //  4
  float repetition; //  8
  float subtract;   // 12
};

constexpr int top_limit = 20;

// What came of a row. 168 bytes.
struct Chosen {
  int token;                      //  0: -1 where a logit is NaN or the maximum isn't finite
  float logprob;                  //  4: written where top_count >= 0
  int top_tokens[top_limit];      //  8: the first top_count are written, -1 where there are fewer
  float top_logprobs[top_limit];  // 88: natural logarithms, of the logits before edits and mask
};

static_assert(sizeof(Choice) == 56 && sizeof(Edit) == 16 && sizeof(Chosen) == 168,
              "the host writes and reads these");

namespace choosing {

enum Mode { NOTHING = 0, CHOOSE = 1, SCORE = 2 };

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
  u64 list[list_size]; // orders of the tokens in bins bins.listed_from to bins.listed_to, in any order
  u64 warp_weights[warp_count];
  u64 warp_orders[warp_count];
  double warp_sums[warp_count];
  u64 top[top_limit];
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
  int chunk;             // a multiple of 4
  float max;
  int likeliest;         // the token with the maximum
  float floor;           // no token below counts
  float halvings;        // a token's weight is 2^((logit - max) * halvings)
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

FB_DEVICE float weight_of(const Row &row, float logit) {
  return fast_exp2((logit - row.max) * row.halvings);
}
FB_DEVICE u64 whole(float weight) { return (u64)(weight * weight_unit); }

// Grows with the distance from the maximum; the bin where that is below last_bin.
FB_DEVICE float depth_of(const Row &row, const Bins &bins, float logit) {
  return (row.max - logit) * row.halvings * bins.per_halving;
}
FB_DEVICE int bin_of(const Row &row, const Bins &bins, float logit) {
  return (int)fminf(depth_of(row, bins, logit), (float)last_bin);
}

// A number in [0, 1): SplitMix64's output function (Steele et al., 2014) over seed and index.
FB_DEVICE double uniform(u64 seed, int index) {
  u64 z = seed + (u64)(index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z = z ^ (z >> 31);
  return (double)(z >> 11) * 0x1p-53;
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
      int bin = bin_of(row, bins, logits[i]);
      found |= (uint32_t)(logits[i] >= row.floor && bin >= from && bin <= to) << i;
    }
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
  visit_row(row, NAN, [&](const float(&logits)[4], int) {
    float sum = 0;
    for (int i = 0; i < 4; i++) {
      if (logits[i] >= row.floor) {
        float weight = weight_of(row, logits[i]);
        float depth = depth_of(row, bins, logits[i]);
        if (depth < last_bin) {
          add(shared.coarse, (int)depth, {whole(weight), 1});
        } else {
          sum += weight;
          far.count++;
        }
      }
    }
    far.weight += whole(sum);
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

// --- The maximum, and log-probabilities -----------------------------------------------------

struct Peak {
  float max; // NaN where any logit is
  int id;    // the lowest with the maximum
  double log_sum; // the logarithm of the sum of e^logit; 0 unless summed
};

template <bool Summed>
FB_DEVICE Peak find_peak(Shared &shared, const Row &row) {
  int lane = threadIdx.x % FB_WARP;
  int warp = threadIdx.x / FB_WARP;
  float max = -INFINITY;
  int id = (1 << id_bits) - 1;
  bool broken = false;
  float base = lowest; // what the sum is relative to
  float sum = 0;
  visit_row(row, -INFINITY, [&](const float(&logits)[4], int first) {
    for (int i = 0; i < 4; i++) {
      broken = broken || logits[i] != logits[i];
      if (logits[i] > max) {
        max = logits[i];
        id = first + i;
      }
    }
    if (Summed) {
      if (max > base) {
        sum *= fast_exp2((base - max) * log2_e);
        base = max;
      }
      float four = 0;
      for (int i = 0; i < 4; i++) {
        four += fast_exp2((logits[i] - base) * log2_e);
      }
      sum += four;
    }
  });
  u64 order = warp_min(broken ? 0 : order_of(max + 0.f, id)); // -0 ties with 0
  if (lane == 0) {
    shared.warp_orders[warp] = order;
  }
  block_barrier();
  order = warp_min(shared.warp_orders[lane]);
  Peak peak = {logit_of(order), id_of(order), 0};
  if (Summed) {
    double part = warp_total((double)sum * fast_exp2((base - peak.max) * log2_e));
    if (lane == 0) {
      shared.warp_sums[warp] = part;
    }
    block_barrier();
    peak.log_sum = peak.max + log(warp_total(shared.warp_sums[lane]));
  }
  block_barrier();
  return peak;
}

// Writes the likeliest tokens, none where the maximum isn't finite.
FB_DEVICE void report_top(Shared &shared, Row row, int count, double log_sum, Chosen *chosen) {
  int found = finite(row.max) ? min(count, row.vocabulary) : 0;
  if (found > 0) {
    row.floor = -INFINITY;
    row.halvings = log2_e;
    fill(row, narrow_bins);
    Place last = find(row, COUNT, found, true);
    if (threadIdx.x == 0) {
      shared.top_count = 0;
    }
    block_barrier();
    int to = bin_of(row, shared.bins, logit_of(last.order));
    visit_bins(shared, row, 0, to, [&](float, u64 order) {
      if (order <= last.order) {
        shared.top[atomic_fetch_add(&shared.top_count, 1)] = order;
      }
    });
    block_barrier();
  }
  int i = threadIdx.x;
  if (i < found) {
    u64 order = shared.top[i];
    int rank = 0;
    for (int other = 0; other < found; other++) {
      rank += shared.top[other] < order;
    }
    chosen->top_tokens[rank] = id_of(order);
    chosen->top_logprobs[rank] = (float)(logit_of(order) - log_sum);
  } else if (i < count) {
    chosen->top_tokens[i] = -1;
    chosen->top_logprobs[i] = -INFINITY;
  }
  block_barrier();
}

// --- Choosing -------------------------------------------------------------------------------

FB_DEVICE void apply_edits(float *logits, Edit *edits, int count) {
  for (int i = threadIdx.x; i < count; i += threads) {
    Edit edit = edits[i];
    float raw = logits[edit.token];
    float logit = raw + edit.bias;
    logit = logit > 0 ? logit / edit.repetition : product(logit, edit.repetition);
    logits[edit.token] = logit - edit.subtract;
    edits[i].bias = raw;
  }
  block_barrier();
}

// A token's logit before edits.
FB_DEVICE float raw_logit(Shared &shared, const float *logits, int token, const Edit *edits,
                          int count) {
  if (threadIdx.x == 0) {
    shared.raw = logits[token];
  }
  block_barrier();
  for (int i = threadIdx.x; i < count; i += threads) {
    if (edits[i].token == token) {
      shared.raw = edits[i].bias;
    }
  }
  block_barrier();
  return shared.raw;
}

// The logit below which min_p drops tokens.
FB_DEVICE float floor_of(const Choice &choice, float max) {
  if (choice.min_p == 0) {
    return lowest;
  }
  double floor = max + log((double)choice.min_p) * choice.temperature;
  float rounded = (float)floor;
  if (rounded < floor) {
    rounded = nextafterf(rounded, INFINITY);
  }
  return fmaxf(rounded, lowest);
}

// The weight at which a draw stops: from 1 to total.
FB_DEVICE u64 draw_goal(u64 seed, int index, u64 total) {
  u64 point = (u64)(uniform(seed, index) * (double)total);
  return (point < total ? point : total - 1) + 1;
}

// Draws from all tokens that count, in the order of ids: finds the warp's chunk, then the token.
FB_FUNCTION int draw_by_id(Row row, u64 seed, int draw_index) {
  Shared &shared = block_memory();
  u64 sum = 0;
  visit_row(row, NAN, [&](const float(&logits)[4], int) {
    float four = 0;
    for (int i = 0; i < 4; i++) {
      four += logits[i] >= row.floor ? weight_of(row, logits[i]) : 0;
    }
    sum += whole(four);
  });
  sum = warp_total(sum);
  Mass own = threadIdx.x % FB_WARP == 0 ? Mass{sum, 0} : Mass{0, 0};
  Mass through = block_scan(shared, own);
  if (threadIdx.x == threads - 1) {
    shared.order = draw_goal(seed, draw_index, through.weight);
    shared.token = row.likeliest; // stays where a chunk's tokens weigh less than a unit each
  }
  block_barrier();
  u64 goal = shared.order;
  Pick picked = pick(shared, own, through, WEIGHT, goal);
  goal -= picked.before.weight;

  int chunk_from = picked.bin / FB_WARP * row.chunk;
  int chunk_end = min(chunk_from + row.chunk, row.vocabulary);
  int each = (row.chunk + threads - 1) / threads;
  int from = chunk_from + (int)threadIdx.x * each;
  int end = min(from + each, chunk_end);
  own = {0, 0};
  for (int id = from; id < end; id++) {
    if (allowed(row, id) && row.logits[id] >= row.floor) {
      own = plus(own, {whole(weight_of(row, row.logits[id])), 1});
    }
  }
  through = block_scan(shared, own);
  if (threadIdx.x == threads - 1) {
    shared.order = through.weight; // rounded one by one, and so a little less or more
  }
  block_barrier();
  goal = goal < shared.order ? goal : shared.order;
  if (through.weight >= goal && through.weight - own.weight < goal) {
    u64 passed = through.weight - own.weight;
    for (int id = from; passed < goal; id++) {
      if (allowed(row, id) && row.logits[id] >= row.floor) {
        passed += whole(weight_of(row, row.logits[id]));
        shared.token = id;
      }
    }
  }
  block_barrier();
  return shared.token;
}

// Draws from the tokens that min_p, top_k and top_p leave: in the order of likelihood where either
// of the latter cut, else in the order of ids.
FB_DEVICE int draw(Row row, const Choice &choice) {
  row.floor = floor_of(choice, row.max);
  row.halvings = fminf(log2_e / choice.temperature, 1e30f);
  if (choice.top_p >= 1 && choice.top_k == 0) {
    return draw_by_id(row, choice.seed, choice.draw_index);
  }
  fill(row, narrow_bins);
  Mass kept = bin_mass(block_memory().coarse, last_bin);
  bool cut = choice.top_k > 0 && choice.top_k < (int)kept.count;
  if (cut) {
    kept = find(row, COUNT, choice.top_k, false).through;
  }
  if (choice.top_p < 1) {
    u64 wanted = (u64)ceil(choice.top_p * (double)kept.weight);
    kept = find(row, WEIGHT, wanted > 0 ? wanted : 1, true).through;
  } else if (!cut) {
    return draw_by_id(row, choice.seed, choice.draw_index);
  }
  u64 goal = draw_goal(choice.seed, choice.draw_index, kept.weight);
  return id_of(find(row, WEIGHT, goal, true).order);
}

} // namespace choosing

// Grid: logit rows or more; 1024 threads; shared_bytes of shared memory.
//
//   choices [logit row]
//   edits   [edit]
//   masks   [mask][ceil(vocabulary / 32)], the lowest bit for the lowest id; a token whose bit is 0
//           counts as -infinity when choosing
//   logits  [logit row][vocabulary], 16-byte aligned, vocabulary to 2^18; edits change them
//   chosen  [logit row], untouched for NOTHING
//   ids     [logit row], the token CHOOSE chose, for the next step's rows; 0 where there is none,
//           so that they read one that exists
extern "C" __global__ void __launch_bounds__(choosing::threads)
    choose(StepView step, const Choice *choices, Edit *edits, const uint32_t *masks, float *logits,
           int vocabulary, Chosen *chosen, int *ids) {
  using namespace choosing;
  Shared &shared = block_memory();
  int logit_row = blockIdx.x;
  if (logit_row >= step.counts->logit_rows) {
    return;
  }
  Choice choice = choices[logit_row];
  if (choice.mode == NOTHING) {
    return;
  }
  logits += (long long)logit_row * vocabulary;
  edits += choice.edits;
  chosen += logit_row;
  Row row = {};
  row.logits = logits;
  row.vocabulary = vocabulary;
  row.chunk = (vocabulary + 4 * warp_count - 1) / (4 * warp_count) * 4;

  Peak raw = {NAN, 0, 0};
  if (choice.top_count >= 0) {
    raw = find_peak<true>(shared, row);
    if (choice.top_count > 0) {
      row.max = raw.max;
      report_top(shared, row, choice.top_count, raw.log_sum, chosen);
    }
  }
  int token = choice.scored_token;
  int edit_count = 0;
  if (choice.mode == CHOOSE) {
    edit_count = choice.edit_count;
    apply_edits(logits, edits, edit_count);
    if (choice.mask >= 0) {
      row.mask = masks + (long long)choice.mask * ((vocabulary + 31) / 32);
    }
    bool same = choice.top_count >= 0 && edit_count == 0 && choice.mask < 0;
    Peak peak = same ? raw : find_peak<false>(shared, row);
    if (!finite(peak.max)) {
      token = -1;
    } else if (choice.temperature == 0) {
      token = peak.id;
    } else {
      row.max = peak.max;
      row.likeliest = peak.id;
      token = draw(row, choice);
    }
  }
  float logprob = NAN;
  if (choice.top_count >= 0 && token >= 0) {
    float logit = raw_logit(shared, logits, token, edits, edit_count);
    logprob = (float)(logit - raw.log_sum);
  }
  if (threadIdx.x == 0) {
    chosen->token = token;
    if (choice.top_count >= 0) {
      chosen->logprob = logprob;
    }
    if (choice.mode == CHOOSE) {
      ids[logit_row] = max(token, 0);
    }
  }
}
FB_KERNEL(choose)
