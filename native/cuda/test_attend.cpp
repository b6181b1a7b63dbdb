// Tests attend.cu against sums in double precision, on a processor:
//
//   g++ -std=c++17 -O1 -g -fsanitize=address,undefined -fno-strict-aliasing -DFB_SHIM
//       -I native/cuda -x c++ native/cuda/attend.cu native/cuda/shim/shim.cpp
//       native/cuda/test_attend.cpp
//
// Rotation is compared with a rounding of the exact value; attention starts from the query and the
// cache as the kernel wrote them, so that its own errors are all that is left: weights and results
// are rounded to the operands' kind. Outputs and unused slots hold NaN before.
//
// Tolerances, relative to the greatest value of what is summed: rotation one step of the format;
// attention 2 * 2^-11 for F16, 2 * 2^-8 for BF16.
#include "kernels.cuh"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace {

// Tokens in the cache before the step, and of the step.
struct Sequence {
  int cached;
  int rows;
};

struct Case {
  const char *kind;
  bool f8;
  int head_dim;
  int heads;
  int kv_heads;
  int block_shift;
  std::vector<Sequence> sequences;
  int splits;
  bool adjacent;
  bool norms;
  int rope_dim;
};

int failures = 0;
const Case *under_way;

void fail(const std::string &what) {
  const Case &c = *under_way;
  fprintf(stderr, "%s kv%d head_dim=%d heads=%d/%d block=%d splits=%d adjacent=%d norms=%d: %s\n",
          c.kind, c.f8 ? 8 : 16, c.head_dim, c.heads, c.kv_heads, 1 << c.block_shift, c.splits,
          c.adjacent, c.norms, what.c_str());
  if (++failures > 20) {
    exit(1);
  }
}

std::mt19937 generator(1);

float normal() {
  static std::normal_distribution<float> distribution;
  return distribution(generator);
}

int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to - 1)(generator); }

int shared_bytes(bool prefill, bool f8, int stride) {
  int column = stride == 64 ? 0 : stride == 96 ? 1 : stride == 128 ? 2 : 3;
  static const int bytes[4][4] = {{39680, 57088, 74496, 76544},
                                  {23296, 32512, 41728, 78592},
                                  {27648, 39936, 52224, 101376},
                                  {19456, 27648, 35840, 68608}};
  return bytes[prefill * 2 + f8][column];
}

// A step's description, buffers and plain results.
template <typename Kind, typename Cache>
struct Test {
  const Case &c;
  int stride, width, columns, rows = 0, context_limit = 0;
  std::vector<int> positions, tables, blocks, sequence_of, splits;
  std::vector<AttendItem> decode, prefill;
  std::vector<uint8_t> pool;
  std::vector<float> qkv, q_norm, k_norm, cosines, sines;
  std::vector<Kind> query, attended;
  std::vector<float> partial_out;
  std::vector<float2> partial_state;
  std::vector<int> written_slots; // offsets of keys' slots in the pool, in use
  StepCounts counts{};
  StepView step{};
  KvView kv{};
  int partials = 0;
  std::string suffix;

  explicit Test(const Case &one) : c(one) {
    int d = c.head_dim;
    stride = d <= 64 ? 64 : d <= 96 ? 96 : d <= 128 ? 128 : 256;
    suffix = std::string(c.kind) + (c.f8 ? "_kv8_" : "_kv16_") + std::to_string(stride);
    width = (c.heads + 2 * c.kv_heads) * d + 3;
    columns = (c.heads * d + 63) / 64 * 64;
    place();
    fill();
    schedule();
  }

  // Gives each sequence its blocks, in no order, in a pool of two layers.
  void place() {
    int block_size = 1 << c.block_shift;
    std::vector<int> table_of;
    for (const Sequence &s : c.sequences) {
      int context = s.cached + s.rows;
      table_of.push_back((int)blocks.size());
      for (int i = 0; i < (context + block_size - 1) / block_size; i++) {
        blocks.push_back((int)blocks.size());
      }
      context_limit = std::max(context_limit, context);
    }
    int block_count = (int)blocks.size() + 1;
    for (int &block : blocks) {
      block++;
    }
    std::shuffle(blocks.begin(), blocks.end(), generator);
    kv.kv_heads = c.kv_heads;
    kv.block_shift = c.block_shift;
    kv.value_bytes = (long long)c.kv_heads * block_size * stride * sizeof(Cache);
    kv.layer_bytes = 2 * kv.value_bytes;
    kv.block_bytes = 2 * kv.layer_bytes;
    pool.assign(block_count * kv.block_bytes, 0xff);
    kv.pool = pool.data();
    for (size_t s = 0; s < c.sequences.size(); s++) {
      for (int i = 0; i < c.sequences[s].rows; i++) {
        positions.push_back(c.sequences[s].cached + i);
        tables.push_back(table_of[s]);
        sequence_of.push_back((int)s);
        rows++;
      }
      for (int p = 0; p < c.sequences[s].cached; p++) {
        for (int head = 0; head < c.kv_heads; head++) {
          for (int d = 0; d < stride; d++) {
            *element(0, table_of[s], p, head, d) = round_to<Cache>(d < c.head_dim ? normal() : 0);
            *element(1, table_of[s], p, head, d) = round_to<Cache>(d < c.head_dim ? normal() : 0);
          }
        }
      }
    }
  }

  Cache *element(int part, int table, int position, int head, int d) {
    int block = blocks[table + (position >> c.block_shift)];
    long long at = kv_offset<Cache>(kv, block, head, position & ((1 << c.block_shift) - 1), stride);
    return (Cache *)(pool.data() + at + part * kv.value_bytes) + d;
  }

  void fill() {
    qkv.resize((size_t)rows * width);
    for (float &x : qkv) {
      x = normal();
    }
    for (int d = 0; d < c.head_dim; d++) {
      q_norm.push_back(1 + normal() / 4);
      k_norm.push_back(1 + normal() / 4);
    }
    int pairs = c.rope_dim / 2;
    for (int p = 0; p < context_limit; p++) {
      for (int i = 0; i < pairs; i++) {
        double angle = p * std::pow(10000.0, -2.0 * i / c.rope_dim);
        cosines.push_back((float)std::cos(angle));
        sines.push_back((float)std::sin(angle));
      }
    }
    query.resize((size_t)rows * c.heads * stride);
    attended.resize((size_t)(rows + 7) / 8 * 8 * columns);
    memset((void *)query.data(), 0xff, query.size() * 2);
    memset((void *)attended.data(), 0xff, attended.size() * 2);
  }

  // Single rows decode, in splits; runs prefill, in pieces.
  void schedule() {
    splits.push_back(0);
    for (int row = 0; row < rows;) {
      const Sequence &s = c.sequences[sequence_of[row]];
      if (s.rows == 1) {
        int context = s.cached + 1;
        int parts = std::min(c.splits, context);
        for (int i = 0; i < parts; i++) {
          int from = context * i / parts;
          int to = context * (i + 1) / parts;
          decode.push_back({row, 1, from, to, parts > 1 ? partials++ : -1});
        }
        splits.push_back(partials);
      } else {
        for (int i = 0; i < s.rows; i += 64) {
          prefill.push_back({row + i, std::min(64, s.rows - i), -1, -1, -1});
        }
        splits.insert(splits.end(), s.rows, partials);
      }
      row += s.rows;
    }
    partial_out.assign((size_t)partials * c.heads * stride, NAN);
    partial_state.assign((size_t)partials * c.heads, make_float2(NAN, NAN));
    counts.rows = rows;
    counts.decode_items = (int)decode.size();
    counts.prefill_items = (int)prefill.size();
    step.counts = &counts;
    step.positions = positions.data();
    step.tables = tables.data();
    step.blocks = blocks.data();
  }

  void call(const std::string &name, dim3 grid, int threads, int shared, std::vector<void *> args) {
    shim::Call kernel = shim::find(name.c_str());
    if (!kernel) {
      fail("no kernel " + name);
      exit(1);
    }
    shim::launch(grid, dim3{(unsigned)threads}, shared, [&] { kernel(args.data()); });
  }

  void run() {
    rotate();
    attend();
  }

  void rotate() {
    const float *qkv_at = qkv.data(), *cos_at = cosines.data(), *sin_at = sines.data();
    const float *q_norm_at = c.norms ? q_norm.data() : nullptr;
    const float *k_norm_at = c.norms ? k_norm.data() : nullptr;
    Kind *query_at = query.data();
    float epsilon = 1e-5f;
    int pairs = c.rope_dim / 2, adjacent = c.adjacent, head_dim = c.head_dim, heads = c.heads;
    std::vector<uint8_t> before = pool;
    unsigned groups = (c.heads + 2 * c.kv_heads + 3) / 4;
    call("rope_kv_" + suffix, dim3{(unsigned)rows + 1, groups}, 128, 0,
         {&step, &kv, &qkv_at, &width, &query_at, &q_norm_at, &k_norm_at, &epsilon, &cos_at,
          &sin_at, &pairs, &adjacent, &head_dim, &heads});
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < c.heads + 2 * c.kv_heads; head++) {
        std::vector<double> exact = rotated(row, head);
        int part = head < c.heads + c.kv_heads ? 0 : 1;
        int kv_head = (head - c.heads) % c.kv_heads;
        for (int d = 0; d < stride; d++) {
          if (head < c.heads) {
            same("query", exact[d], query[((size_t)row * c.heads + head) * stride + d]);
          } else {
            Cache *at = element(part, tables[row], positions[row], kv_head, d);
            same("cache", exact[d], *at);
            memcpy(&before[(uint8_t *)at - pool.data()], at, sizeof(Cache));
          }
        }
      }
    }
    if (before != pool) {
      fail("rope_kv wrote to other slots");
    }
  }

  template <typename Element>
  void same(const char *what, double exact, Element element) {
    bool is_f8 = sizeof(Element) == 1;
    bool is_f16 = std::is_same<Element, F16>::value;
    double step_size = is_f8 ? 0x1p-3 : is_f16 ? 0x1p-10 : 0x1p-7;
    double tolerance = step_size * std::fabs(exact) * 0.51 + (is_f8 ? 0x1p-10 : 1e-6);
    if (!(std::fabs(to_float(element) - exact) <= tolerance)) {
      fail(std::string(what) + ": " + std::to_string(to_float(element)) + " for " +
           std::to_string(exact));
    }
  }

  std::vector<double> rotated(int row, int head) {
    const float *x = qkv.data() + (size_t)row * width + head * c.head_dim;
    std::vector<double> y(stride, 0.0);
    std::copy(x, x + c.head_dim, y.begin());
    if (head >= c.heads + c.kv_heads) {
      return y;
    }
    if (c.norms) {
      double sum = 0;
      for (int d = 0; d < c.head_dim; d++) {
        sum += y[d] * y[d];
      }
      const std::vector<float> &norm = head < c.heads ? q_norm : k_norm;
      for (int d = 0; d < c.head_dim; d++) {
        y[d] *= norm[d] / std::sqrt(sum / c.head_dim + 1e-5);
      }
    }
    int pairs = c.rope_dim / 2;
    for (int i = 0; i < pairs; i++) {
      int a = c.adjacent ? 2 * i : i;
      int b = c.adjacent ? a + 1 : a + pairs;
      double cosine = cosines[positions[row] * pairs + i], sine = sines[positions[row] * pairs + i];
      double p = y[a], q = y[b];
      y[a] = p * cosine - q * sine;
      y[b] = p * sine + q * cosine;
    }
    return y;
  }

  void attend() {
    const AttendItem *decode_at = decode.data(), *prefill_at = prefill.data();
    const Kind *query_at = query.data();
    Kind *attended_at = attended.data();
    float *out_at = partial_out.data();
    float2 *state_at = partial_state.data();
    const int *splits_at = splits.data();
    int head_dim = c.head_dim, heads = c.heads;
    float scale = 1 / std::sqrt((float)head_dim);
    call("attend_decode_" + suffix, dim3{(unsigned)decode.size() + 1, (unsigned)c.kv_heads}, 128,
         shared_bytes(false, c.f8, stride),
         {&step, &kv, &decode_at, &query_at, &attended_at, &out_at, &state_at, &scale, &head_dim,
          &heads, &columns});
    call("attend_prefill_" + suffix, dim3{(unsigned)prefill.size() + 1, (unsigned)heads}, 128,
         shared_bytes(true, c.f8, stride),
         {&step, &kv, &prefill_at, &query_at, &attended_at, &scale, &head_dim, &heads, &columns});
    for (float x : partial_out) {
      if (!std::isfinite(x)) {
        fail("a partial is not all written");
        break;
      }
    }
    call("attend_combine_" + std::string(c.kind) + "_" + std::to_string(stride),
         dim3{(unsigned)rows + 1, (unsigned)heads}, 64, 0,
         {&step, &splits_at, &out_at, &state_at, &attended_at, &head_dim, &heads, &columns});
    check(scale);
  }

  void check(double scale) {
    double tolerance = 2 * (std::is_same<Kind, F16>::value ? 0x1p-11 : 0x1p-8);
    std::vector<bool> expected(attended.size());
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < c.heads; head++) {
        int kv_head = head / (c.heads / c.kv_heads);
        int context = positions[row] + 1;
        std::vector<double> weights(context);
        const Kind *q = query.data() + ((size_t)row * c.heads + head) * stride;
        double top = -INFINITY;
        for (int p = 0; p < context; p++) {
          const Cache *k = element(0, tables[row], p, kv_head, 0);
          double dot = 0;
          for (int d = 0; d < c.head_dim; d++) {
            dot += (double)to_float(q[d]) * to_float(k[d]);
          }
          weights[p] = dot * scale;
          top = std::max(top, weights[p]);
        }
        double sum = 0;
        for (double &weight : weights) {
          weight = std::exp(weight - top);
          sum += weight;
        }
        std::vector<double> exact(c.head_dim);
        double greatest = 0;
        for (int p = 0; p < context; p++) {
          const Cache *v = element(1, tables[row], p, kv_head, 0);
          for (int d = 0; d < c.head_dim; d++) {
            exact[d] += weights[p] / sum * to_float(v[d]);
            greatest = std::max(greatest, std::fabs((double)to_float(v[d])));
          }
        }
        double worst = 0;
        for (int d = 0; d < c.head_dim; d++) {
          long long at = operand_index(row, head * c.head_dim + d, columns);
          expected[at] = true;
          double error = std::fabs(to_float(attended[at]) - exact[d]);
          worst = error <= worst ? worst : error; // a NaN too
        }
        if (!(worst <= tolerance * greatest)) {
          fail("row " + std::to_string(row) + " head " + std::to_string(head) + " is off by " +
               std::to_string(worst / greatest));
        }
      }
    }
    for (size_t i = 0; i < attended.size(); i++) {
      if (!expected[i] && attended[i].bits != 0xffff) {
        fail("attended is written beyond its columns or rows");
        break;
      }
    }
  }
};

void run(const Case &c) {
  under_way = &c;
  bool f16 = std::string(c.kind) == "f16";
  if (f16 && c.f8) {
    Test<F16, F8>(c).run();
  } else if (f16) {
    Test<F16, F16>(c).run();
  } else if (c.f8) {
    Test<BF16, F8>(c).run();
  } else {
    Test<BF16, BF16>(c).run();
  }
}

} // namespace

int main() {
  const int head_dims[] = {16, 24, 64, 80, 128, 256};
  const int groups[][2] = {{4, 2}, {6, 1}, {8, 8}, {32, 8}, {20, 1}};
  const int shifts[] = {0, 2, 4, 8};
  const int contexts[] = {1, 15, 64, 65, 300};
  std::vector<Case> cases;
  // Every head size with every group and format; the rest is drawn.
  for (int head_dim : head_dims) {
    for (const int(&group)[2] : groups) {
      for (int format = 0; format < 4; format++) {
        Case c{};
        c.kind = format % 2 == 0 ? "f16" : "bf16";
        c.f8 = format >= 2;
        c.head_dim = head_dim;
        c.heads = group[0];
        c.kv_heads = group[1];
        c.block_shift = shifts[pick(0, 4)];
        c.splits = pick(1, 5);
        c.adjacent = pick(0, 2);
        c.norms = pick(0, 2);
        c.rope_dim = pick(0, 2) ? head_dim : head_dim / 4 * 2;
        c.sequences = {{contexts[pick(0, 5)] - 1, 1}, {pick(0, 40), pick(2, 20)},
                       {contexts[pick(0, 4)] - 1, 1}};
        cases.push_back(c);
      }
    }
  }
  // Decode: every context with every number of splits.
  int turn = 0;
  for (int context : contexts) {
    for (int splits = 1; splits <= 4; splits++, turn++) {
      cases.push_back({turn % 2 ? "f16" : "bf16", turn / 2 % 2 == 0, 64, 4, 2,
                       shifts[(splits + turn / 4) % 4], {{context - 1, 1}}, splits, false, false,
                       64});
    }
  }
  // Prefill: runs that begin within a tile and end within one, longer than an item.
  for (int format = 0; format < 4; format++) {
    cases.push_back({format % 2 ? "bf16" : "f16", format >= 2, 32, 2, 1, shifts[format],
                     {{0, 65}, {299, 1}, {49, 130}, {0, 64}, {64, 15}}, 3, false, true, 32});
  }
  // A group of more than 16 heads, in each way.
  cases.push_back({"f16", false, 128, 20, 1, 4, {{299, 1}, {0, 17}}, 2, true, true, 128});
  cases.push_back({"bf16", true, 128, 20, 1, 2, {{64, 1}, {3, 2}}, 1, false, false, 64});
  for (const Case &c : cases) {
    run(c);
  }
  if (failures > 0) {
    return 1;
  }
  printf("attend: %zu cases\n", cases.size());
  return 0;
}
