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
#include "select.cuh"

namespace choosing {

enum Mode { NOTHING = 0, CHOOSE = 1, SCORE = 2 };

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
#pragma unroll 1
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
    logit = logit > 0 ? logit / edit.repetition : rounded_product(logit, edit.repetition);
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

// A number in [0, 1): SplitMix64's output function (Steele et al., 2014) over seed and index.
FB_DEVICE double uniform(u64 seed, int index) {
  u64 z = seed + (u64)(index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z = z ^ (z >> 31);
  return (double)(z >> 11) * 0x1p-53;
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
  row.chunk = (vocabulary + 4 * choosing::warp_count - 1) / (4 * choosing::warp_count) * 4;

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
