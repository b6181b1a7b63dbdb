// Compares the choose kernel with a plain reference, over random rows and parameters.
#include "device.cuh"
#include "kernels.cuh"

#include <algorithm>
#include <random>
#include <string>

using u64 = unsigned long long;

namespace {

constexpr int shared_bytes = 42240;

enum { NOTHING, CHOOSE, SCORE };

std::mt19937_64 random_bits(7);
int below(int n) { return (int)(random_bits() % n); }
float normal() { return std::normal_distribution<float>()(random_bits); }
template <typename T>
T any_of(std::initializer_list<T> all) {
  return all.begin()[below((int)all.size())];
}

[[noreturn]] void fail(const std::string &what) {
  fprintf(stderr, "choose: %s\n", what.c_str());
  exit(1);
}
void check(bool holds, const std::string &what) {
  if (!holds) {
    fail(what);
  }
}
std::string describe(const Choice &c, int vocabulary) {
  char text[300];
  snprintf(text, sizeof text,
           "vocabulary=%d mode=%d temperature=%g top_k=%d top_p=%g min_p=%g seed=%llu index=%d "
           "top_count=%d edits=%d mask=%d",
           vocabulary, c.mode, c.temperature, c.top_k, c.top_p, c.min_p, c.seed, c.draw_index,
           c.top_count, c.edit_count, c.mask);
  return text;
}

// --- The reference ----------------------------------------------------------------------------

double uniform(u64 seed, int index) {
  u64 z = seed + (u64)(index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

int likeliest(const std::vector<float> &logits) {
  int best = -1;
  float max = -INFINITY;
  for (int id = 0; id < (int)logits.size(); id++) {
    if (logits[id] != logits[id]) {
      return -1;
    }
    if (logits[id] > max) {
      max = logits[id];
      best = id;
    }
  }
  return max == INFINITY ? -1 : best;
}

bool likelier(float a, int a_id, float b, int b_id) {
  if (a != b) {
    return a > b;
  }
  return std::signbit(a) != std::signbit(b) ? std::signbit(b) : a_id < b_id;
}

// What is drawn when top_p and the draw are off by so much.
int drawn(const std::vector<float> &logits, const Choice &c, double top_p_off, double draw_off) {
  float max = logits[likeliest(logits)];
  double floor =
      c.min_p == 0 ? -INFINITY : max + log((double)c.min_p) * (double)c.temperature;
  std::vector<int> ids;
  for (int id = 0; id < (int)logits.size(); id++) {
    if (logits[id] >= floor && logits[id] != -INFINITY) {
      ids.push_back(id);
    }
  }
  auto first = [&](int a, int b) { return likelier(logits[a], a, logits[b], b); };
  if (c.top_k > 0 && c.top_k < (int)ids.size()) {
    std::sort(ids.begin(), ids.end(), first);
    ids.resize(c.top_k);
  }
  auto weight = [&](int id) { return exp((double)((logits[id] - max) / c.temperature)); };
  double total = 0;
  for (int id : ids) {
    total += weight(id);
  }
  if (c.top_p < 1) {
    std::sort(ids.begin(), ids.end(), first);
    double wanted = c.top_p * total * (1 + top_p_off);
    double reached = 0;
    int count = 0;
    while (count < (int)ids.size() && reached < wanted) {
      reached += weight(ids[count++]);
    }
    ids.resize(count);
    total = reached;
  }
  double point = (uniform(c.seed, c.draw_index) + draw_off) * total;
  double passed = 0;
  for (int id : ids) {
    passed += weight(id);
    if (point < passed) {
      return id;
    }
  }
  return ids.back();
}

int chosen_by_reference(const std::vector<float> &logits, const Choice &c, double top_p_off = 0,
                        double draw_off = 0) {
  int best = likeliest(logits);
  return best < 0 || c.temperature == 0 ? best : drawn(logits, c, top_p_off, draw_off);
}

int exact_count;
int rounded_count;

// The kernel's weights have 24 bits, so that a boundary may lie a little to the side.
void check_token(int token, const std::vector<float> &logits, const Choice &c) {
  if (token == chosen_by_reference(logits, c)) {
    exact_count++;
    return;
  }
  rounded_count++;
  if (token >= 0 && c.temperature > 0) {
    for (double top_p_off : {0.0, 2e-6, -2e-6}) {
      for (double draw_off : {0.0, 2e-6, -2e-6}) {
        if (token == chosen_by_reference(logits, c, top_p_off, draw_off)) {
          return;
        }
      }
    }
  }
  fail("chose " + std::to_string(token) + ", not " +
       std::to_string(chosen_by_reference(logits, c)) + ": " + describe(c, (int)logits.size()));
}

// --- Running the kernel -----------------------------------------------------------------------

struct Problem {
  int vocabulary;
  std::vector<std::vector<float>> rows;
  std::vector<Choice> choices;
  std::vector<Edit> edits;
  std::vector<uint32_t> masks;
  std::vector<Chosen> chosen;
  std::vector<int> ids;

  explicit Problem(int vocabulary) : vocabulary(vocabulary) {}

  int mask_words() const { return (vocabulary + 31) / 32; }

  void run() {
    int count = (int)rows.size();
    StepCounts counts = {count, count, 0, 0};
    StepView step = {};
    step.counts = &counts;
    // Of exactly the right size, so that a read beyond is noticed.
    float *logits = (float *)aligned_alloc(16, ((size_t)count * vocabulary * 4 + 15) / 16 * 16);
    for (int i = 0; i < count; i++) {
      memcpy(logits + (size_t)i * vocabulary, rows[i].data(), vocabulary * 4);
    }
    std::vector<Edit> applied = edits;
    chosen.resize(count + 1);
    memset((void *)chosen.data(), 0xcd, chosen.size() * sizeof(Chosen));
    ids.assign(count + 1, 0x5eed);
    const Choice *choices_pointer = choices.data();
    Edit *edits_pointer = applied.data();
    const uint32_t *masks_pointer = masks.data();
    Chosen *chosen_pointer = chosen.data();
    int *ids_pointer = ids.data();
    void *arguments[] = {&step,       &choices_pointer, &edits_pointer, &masks_pointer, &logits,
                         &vocabulary, &chosen_pointer,  &ids_pointer};
    shim::Call call = shim::find("choose");
    check((bool)call, "no kernel");
    shim::launch(dim3{(unsigned)count + 1, 1, 1}, dim3{1024, 1, 1}, shared_bytes,
                 [&] { call(arguments); });
    free(logits);
  }

  void check_rows() {
    run();
    for (int i = 0; i < (int)rows.size(); i++) {
      check_row(i);
    }
    Chosen poison;
    memset((void *)&poison, 0xcd, sizeof poison);
    check(memcmp(&chosen.back(), &poison, sizeof poison) == 0 && ids.back() == 0x5eed,
          "a row beyond the count was written");
  }

  void check_row(int i) const {
    const Choice &c = choices[i];
    const Chosen &result = chosen[i];
    std::string where = describe(c, vocabulary);
    Chosen poison;
    memset((void *)&poison, 0xcd, sizeof poison);
    if (c.mode == NOTHING) {
      check(memcmp(&result, &poison, sizeof poison) == 0 && ids[i] == 0x5eed,
            "wrote for a row without a choice");
      return;
    }
    if (c.mode == CHOOSE) {
      std::vector<float> logits = rows[i];
      for (int e = c.edits; e < c.edits + c.edit_count; e++) {
        float logit = logits[edits[e].token] + edits[e].bias;
        logit = logit > 0 ? logit / edits[e].repetition : logit * edits[e].repetition;
        logits[edits[e].token] = logit - edits[e].subtract;
      }
      for (int id = 0; id < vocabulary && c.mask >= 0; id++) {
        if (!(masks[c.mask * mask_words() + id / 32] >> (id % 32) & 1)) {
          logits[id] = -INFINITY;
        }
      }
      check_token(result.token, logits, c);
      check(ids[i] == std::max(result.token, 0), "the next step's token: " + where);
    } else {
      check(result.token == c.scored_token && ids[i] == 0x5eed, "scored another: " + where);
    }
    int written = std::max(c.top_count, 0);
    check(memcmp(result.top_tokens + written, poison.top_tokens, 4 * (20 - written)) == 0 &&
              memcmp(result.top_logprobs + written, poison.top_logprobs, 4 * (20 - written)) == 0,
          "wrote more than was asked: " + where);
    if (c.top_count < 0) {
      check(memcmp(&result.logprob, &poison.logprob, 4) == 0, "wrote a probability: " + where);
    } else {
      check_logprobs(i, where);
    }
  }

  void check_logprobs(int i, const std::string &where) const {
    const Chosen &result = chosen[i];
    const std::vector<float> &raw = rows[i];
    int best = likeliest(raw);
    int found = best < 0 ? 0 : std::min(choices[i].top_count, vocabulary);
    for (int rank = found; rank < choices[i].top_count; rank++) {
      check(result.top_tokens[rank] == -1, "a token that doesn't exist: " + where);
    }
    if (best < 0) {
      check(std::isnan(result.logprob), "a probability of nothing: " + where);
      return;
    }
    double sum = 0;
    for (float logit : raw) {
      sum += exp((double)logit - raw[best]);
    }
    double log_sum = raw[best] + log(sum);
    auto near = [&](float got, double logit) {
      return got == (float)(logit - log_sum) || fabs(got - (logit - log_sum)) <=
             2e-6 + 2e-7 * fabs(logit - log_sum);
    };
    check(result.token < 0 ? std::isnan(result.logprob) : near(result.logprob, raw[result.token]),
          "the token's log-probability: " + where);
    std::vector<int> order(vocabulary);
    for (int id = 0; id < vocabulary; id++) {
      order[id] = id;
    }
    std::partial_sort(order.begin(), order.begin() + found, order.end(),
                      [&](int a, int b) { return likelier(raw[a], a, raw[b], b); });
    for (int rank = 0; rank < found; rank++) {
      check(result.top_tokens[rank] == order[rank], "the likeliest: " + where);
      check(near(result.top_logprobs[rank], raw[order[rank]]), "their probability: " + where);
    }
  }
};

// --- Rows -------------------------------------------------------------------------------------

std::vector<float> random_row(int vocabulary) {
  std::vector<float> row(vocabulary);
  int kind = below(8);
  float spread = any_of({0.01f, 1.f, 3.f, 10.f});
  for (float &logit : row) {
    logit = spread * normal();
    if (kind == 1) {
      logit = roundf(logit); // many ties
    } else if (kind == 2) {
      logit = 1.5f; // nothing but ties
    } else if (kind == 3 && below(3) > 0) {
      logit = -INFINITY;
    } else if (kind == 4) {
      logit = 100 + logit;
    } else if (kind == 5) {
      logit = logit > 0 ? 0.f : below(2) ? -0.f : logit; // zeros of both signs
    }
  }
  if (kind == 6) { // one stands out
    row[below(vocabulary)] += 20;
  }
  if (below(40) == 0) {
    row[below(vocabulary)] = any_of({NAN, -NAN, INFINITY});
  }
  if (below(60) == 0) {
    std::fill(row.begin(), row.end(), -INFINITY);
  }
  return row;
}

Choice random_choice(int vocabulary) {
  Choice c = {};
  c.mode = any_of<int>({NOTHING, SCORE, CHOOSE, CHOOSE, CHOOSE, CHOOSE, CHOOSE, CHOOSE});
  c.temperature = any_of({0.f, 0.2f, 1.f, 1.f, 5.f});
  c.top_k = any_of({0, 0, 1, 7, 50, vocabulary + 5});
  c.top_p = any_of({0.1f, 0.9f, 1.f});
  c.min_p = any_of({0.f, 0.f, 0.1f});
  c.draw_index = below(1000);
  c.seed = random_bits();
  c.scored_token = below(vocabulary);
  c.top_count = any_of({-1, -1, 0, 1, 5, 20});
  c.mask = -1;
  return c;
}

void add_edits(Problem &problem, Choice &c) {
  c.edits = (int)problem.edits.size();
  std::vector<bool> edited(problem.vocabulary);
  int wanted = any_of({1, 5, 300});
  for (int i = 0; i < wanted; i++) {
    int token = below(problem.vocabulary);
    if (!edited[token]) {
      edited[token] = true;
      float bias = any_of({0.f, 3.f, -100.f, 1.25f});
      problem.edits.push_back({token, bias, any_of({1.f, 1.1f, 0.7f}), any_of({0.f, 0.3f, -2.f})});
    }
  }
  c.edit_count = (int)problem.edits.size() - c.edits;
}

void add_mask(Problem &problem, Choice &c) {
  c.mask = (int)problem.masks.size() / problem.mask_words();
  std::vector<uint32_t> mask(problem.mask_words());
  int kind = below(4);
  for (uint32_t &word : mask) {
    word = kind == 0 ? (uint32_t)random_bits() : kind == 1 ? ~0u : 0;
  }
  if (kind == 2) { // a single token
    int id = below(problem.vocabulary);
    mask[id / 32] |= 1u << id % 32;
  }
  problem.masks.insert(problem.masks.end(), mask.begin(), mask.end());
}

void test_random(int vocabulary, int count) {
  Problem problem(vocabulary);
  for (int i = 0; i < count; i++) {
    Choice c = random_choice(vocabulary);
    if (below(4) == 0) {
      add_edits(problem, c);
    }
    if (below(4) == 0) {
      add_mask(problem, c);
    }
    problem.rows.push_back(random_row(vocabulary));
    problem.choices.push_back(c);
  }
  problem.check_rows();
}

// What the engine meets: many tokens, with and without a long tail that matters.
void test_large() {
  Problem problem(130000);
  auto add = [&](float spread, float temperature, int top_k, float top_p, int top_count) {
    Choice c = {CHOOSE, temperature, top_k, top_p, 0, below(100), random_bits(), 0, top_count,
                0,      0,           -1,    0};
    std::vector<float> row(problem.vocabulary);
    for (float &logit : row) {
      logit = spread == 0 ? 0.25f : spread * normal();
    }
    problem.rows.push_back(row);
    problem.choices.push_back(c);
  };
  add(3, 0, 0, 1, -1);
  add(3, 1, 0, 1, 0);
  add(3, 1, 0, 0.9f, 20);
  add(3, 0.7f, 40, 0.95f, -1);
  add(0.5f, 1, 0, 0.9f, -1); // the list doesn't hold the nucleus
  add(0.001f, 1, 0, 0.9f, -1); // nor one bin
  add(3, 5, 20000, 1, -1);
  add(30, 0.2f, 1000, 1, -1); // most of which weigh nothing
  add(0, 1, 0, 0.5f, 20); // ties
  add(0, 1, 99999, 0.999f, -1);
  problem.check_rows();
}

// How often each token is drawn, against its probability.
void test_distribution(int top_k, float top_p) {
  constexpr int vocabulary = 24;
  constexpr int draws = 1000;
  Problem problem(vocabulary);
  std::vector<float> row(vocabulary);
  for (int id = 0; id < vocabulary; id++) {
    row[id] = (float)(id * 7 % vocabulary) * 0.1f;
  }
  for (int i = 0; i < draws; i++) {
    problem.rows.push_back(row);
    problem.choices.push_back({CHOOSE, 0.8f, top_k, top_p, 0, i % 3, random_bits(), 0, -1, 0, 0,
                               -1, 0});
  }
  problem.run();
  std::vector<int> ranked(vocabulary);
  for (int id = 0; id < vocabulary; id++) {
    ranked[id] = id;
  }
  std::sort(ranked.begin(), ranked.end(), [&](int a, int b) { return row[a] > row[b]; });
  std::vector<double> probability(vocabulary);
  double total = 0;
  for (int id = 0; id < vocabulary; id++) {
    total += exp(row[id] / 0.8);
  }
  double kept = 0;
  for (int rank = 0; rank < vocabulary && (top_k == 0 || rank < top_k); rank++) {
    if (kept < top_p * total) {
      probability[ranked[rank]] = exp(row[ranked[rank]] / 0.8);
      kept += probability[ranked[rank]];
    }
  }
  std::vector<int> seen(vocabulary);
  for (int i = 0; i < draws; i++) {
    seen[problem.chosen[i].token]++;
  }
  double chi = 0;
  int freedom = -1;
  for (int id = 0; id < vocabulary; id++) {
    double expected = draws * probability[id] / kept;
    if (expected == 0) {
      check(seen[id] == 0, "drew a token that was cut");
      continue;
    }
    chi += (seen[id] - expected) * (seen[id] - expected) / expected;
    freedom++;
  }
  check(chi < freedom + 4 * sqrt(2.0 * freedom) + 4, "draws don't follow the distribution: " +
                                                         std::to_string(chi));
}

} // namespace

int main() {
  test_random(1, 100);
  test_random(31, 300);
  test_random(320, 900);
  test_random(1027, 300);
  test_random(5000, 500);
  test_large();
  test_distribution(0, 1);
  test_distribution(9, 1);
  test_distribution(0, 0.7f);
  check(rounded_count * 500 < exact_count, "too many tokens differ by rounding: " +
                                               std::to_string(rounded_count));
  printf("choose: %d tokens as the reference, %d within rounding\n", exact_count, rounded_count);
}
