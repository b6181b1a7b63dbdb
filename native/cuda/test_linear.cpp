// Packing, look-up and products of all formats against a plain decoder in doubles, on the shim.
#include "kernels.cuh"
#include "weights.cuh"

#include <memory>
#include <random>
#include <string>

namespace {

std::mt19937 random_bits(1);
int failures;

double uniform(double from, double to) {
  return std::uniform_real_distribution<double>(from, to)(random_bits);
}

template <typename... A>
void run(const std::string &kernel, dim3 grid, unsigned threads, size_t shared, A... arguments) {
  shim::Call call = shim::find(kernel.c_str());
  if (!call) {
    printf("no kernel %s\n", kernel.c_str());
    exit(1);
  }
  void *addresses[] = {&arguments...};
  shim::launch(grid, dim3{threads, 1, 1}, shared, [&] { call(addresses); });
}

void check(const std::string &what, double got, double expected, double tolerance) {
  if (!(fabs(got - expected) <= tolerance)) {
    if (failures++ < 20) {
      printf("%s: %g where %g was expected\n", what.c_str(), got, expected);
    }
  }
}

// A format of the file: its block, filled at random, and what it means.
struct FileFormat {
  std::string name;
  int block_elements;
  int block_bytes;
  int unit_columns;
  int unit_bytes;
  bool brain;
  void (*fill)(uint8_t *block);
  double (*element)(const uint8_t *block, int i);
};

double half(const uint8_t *p) { return shim::half_to_float(p[0] | p[1] << 8); }
void put_half(uint8_t *p, double x) {
  uint16_t bits = shim::float_to_half((float)x);
  p[0] = bits & 0xff;
  p[1] = bits >> 8;
}
void noise(uint8_t *p, int bytes) {
  for (int i = 0; i < bytes; i++) {
    p[i] = random_bits() & 0xff;
  }
}

void scale_and_minimum(const uint8_t *q, int j, int &scale, int &minimum) {
  if (j < 4) {
    scale = q[j] & 63;
    minimum = q[j + 4] & 63;
  } else {
    scale = (q[j + 4] & 15) | (q[j - 4] >> 6) << 4;
    minimum = q[j + 4] >> 4 | (q[j] >> 6) << 4;
  }
}

const FileFormat formats[] = {
    {"f16", 1, 2, 64, 2048, false, [](uint8_t *b) { put_half(b, uniform(-1, 1)); },
     [](const uint8_t *b, int) { return half(b); }},
    {"bf16", 1, 2, 64, 2048, true,
     [](uint8_t *b) {
       uint16_t bits = round_to<BF16>((float)uniform(-1, 1)).bits;
       memcpy(b, &bits, 2);
     },
     [](const uint8_t *b, int) {
       uint16_t bits;
       memcpy(&bits, b, 2);
       return (double)to_float(BF16{bits});
     }},
    {"q8_0", 32, 34, 64, 1088, false,
     [](uint8_t *b) {
       noise(b, 34);
       put_half(b, uniform(-0.01, 0.01));
     },
     [](const uint8_t *b, int i) { return half(b) * (int8_t)b[2 + i]; }},
    {"q4_0", 32, 18, 64, 576, false,
     [](uint8_t *b) {
       noise(b, 18);
       put_half(b, uniform(-0.1, 0.1));
     },
     [](const uint8_t *b, int i) {
       int byte = b[2 + i % 16];
       return half(b) * ((i < 16 ? byte & 15 : byte >> 4) - 8);
     }},
    {"q4_k", 256, 144, 256, 2368, false,
     [](uint8_t *b) {
       noise(b, 144);
       put_half(b, uniform(0, 0.002));
       put_half(b + 2, uniform(0, 0.01));
     },
     [](const uint8_t *b, int i) {
       int scale, minimum;
       scale_and_minimum(b + 4, i / 32, scale, minimum);
       int byte = b[16 + i / 64 * 32 + i % 32];
       int code = i % 64 < 32 ? byte & 15 : byte >> 4;
       return half(b) * scale * code - half(b + 2) * minimum;
     }},
    {"q5_k", 256, 176, 256, 2880, false,
     [](uint8_t *b) {
       noise(b, 176);
       put_half(b, uniform(0, 0.001));
       put_half(b + 2, uniform(0, 0.01));
     },
     [](const uint8_t *b, int i) {
       int scale, minimum;
       scale_and_minimum(b + 4, i / 32, scale, minimum);
       int byte = b[48 + i / 64 * 32 + i % 32];
       int code = i % 64 < 32 ? byte & 15 : byte >> 4;
       code += (b[16 + i % 32] >> i / 32 & 1) * 16;
       return half(b) * scale * code - half(b + 2) * minimum;
     }},
    {"q6_k", 256, 210, 256, 3360, false,
     [](uint8_t *b) {
       noise(b, 210);
       put_half(b + 208, uniform(-0.0003, 0.0003));
     },
     [](const uint8_t *b, int i) {
       const uint8_t *ql = b + i / 128 * 64;
       const uint8_t *qh = b + 128 + i / 128 * 32;
       int l = i % 32;
       int code = 0;
       switch (i % 128 / 32) {
       case 0: code = (ql[l] & 15) | (qh[l] & 3) << 4; break;
       case 1: code = (ql[l + 32] & 15) | (qh[l] >> 2 & 3) << 4; break;
       case 2: code = ql[l] >> 4 | (qh[l] >> 4 & 3) << 4; break;
       case 3: code = ql[l + 32] >> 4 | (qh[l] >> 6 & 3) << 4; break;
       }
       return half(b + 208) * (int8_t)b[192 + i / 16] * (code - 32);
     }},
};

// A matrix in the file's form.
struct Matrix {
  const FileFormat &format;
  int rows, columns;
  std::vector<uint8_t> bytes;

  Matrix(const FileFormat &format, int rows, int columns)
      : format(format), rows(rows), columns(columns), bytes(row_bytes() * rows) {
    for (size_t i = 0; i < bytes.size(); i += format.block_bytes) {
      format.fill(&bytes[i]);
    }
  }
  long long row_bytes() const { return (long long)columns / format.block_elements * format.block_bytes; }
  double at(int row, int column) const {
    int e = format.block_elements;
    return format.element(&bytes[row * row_bytes() + column / e * format.block_bytes], column % e);
  }
};

int round_up(int x, int to) { return (x + to - 1) / to * to; }

// Poisoned memory, aligned as the device's is.
struct Memory {
  std::unique_ptr<uint8_t, void (*)(void *)> bytes;
  explicit Memory(size_t size)
      : bytes((uint8_t *)aligned_alloc(256, round_up((int)size + 1, 256)), free) {
    memset(bytes.get(), 0xff, size);
  }
  uint8_t *get() const { return bytes.get(); }
};

Memory packed(const Matrix &low, const Matrix *interleaved, int &tile_count) {
  const FileFormat &format = low.format;
  int tile_rows = interleaved ? 8 : 16;
  tile_count = (low.rows + tile_rows - 1) / tile_rows;
  int padded = round_up(low.columns, format.unit_columns);
  Memory target((size_t)tile_count * (padded / format.unit_columns) * format.unit_bytes);
  const Matrix &second = interleaved ? *interleaved : low;
  int skipped = interleaved ? 0 : 8;
  run("pack_" + format.name, dim3{(unsigned)(padded / 64 + 3) / 4, (unsigned)tile_count, 1}, 128, 0,
      low.bytes.data(), (const uint8_t *)(second.bytes.data() + skipped * second.row_bytes()),
      low.rows, second.rows - skipped, tile_rows, low.columns, low.row_bytes(), target.get());
  return target;
}

StepView step_of(const StepCounts &counts) {
  StepView step = {};
  step.counts = &counts;
  return step;
}

void test_embed(const FileFormat &format) {
  Matrix table(format, 37, format.unit_columns == 256 ? 512 : format.block_elements == 1 ? 72 : 96);
  int tiles;
  Memory weights = packed(table, nullptr, tiles);
  int tokens[] = {0, 36, 15, -2, 16};
  int ids[] = {9, 8};
  StepCounts counts = {5, 0, 0, 0};
  StepView step = step_of(counts);
  step.tokens = tokens;
  std::vector<float> hidden(5 * table.columns, NAN);
  run("embed_" + format.name, dim3{7, 1, 1}, 128, 0, step, (const uint8_t *)weights.get(),
      (const int *)ids, hidden.data(), table.columns);
  for (int row = 0; row < 5; row++) {
    int token = tokens[row] < 0 ? 8 : tokens[row];
    for (int i = 0; i < table.columns; i++) {
      double expected = table.at(token, i);
      check("embed " + format.name, hidden[row * table.columns + i], expected,
            1e-6 + fabs(expected) * 1e-5);
    }
  }
}

template <typename Kind>
struct Operand {
  int columns;
  Memory memory;
  Operand(int rows, int columns) : columns(columns), memory((size_t)rows * columns * 2) {}
  Kind *at() const { return (Kind *)memory.get(); }
};

// Products of a format in one shape: rows of the step, split in so many.
template <typename Kind>
void test_product(const FileFormat &format, int out_rows, int columns, int rows, int splits, int mode,
                  const std::string &kernel, dim3 grid, unsigned threads, size_t shared) {
  Matrix weights(format, out_rows, columns);
  Matrix other(format, out_rows, columns);
  bool swiglu = mode == 2;
  int tiles;
  Memory packed_weights = packed(weights, swiglu ? &other : nullptr, tiles);
  int chunks = round_up(columns, format.unit_columns) / 64;
  Operand<Kind> operand(round_up(rows, 256), chunks * 64);
  for (int row = 0; row < rows; row++) {
    for (int i = 0; i < chunks * 64; i++) {
      operand.at()[operand_index(row, i, chunks * 64)] =
          round_to<Kind>(i < columns ? (float)uniform(-1, 1) : 0);
    }
  }
  std::vector<float> bias(out_rows);
  for (float &each : bias) {
    each = (float)uniform(-1, 1);
  }
  int stride = out_rows + 3;
  std::vector<float> out(rows * stride, mode == 1 ? 0.5f : NAN);
  int result_columns = round_up(out_rows, 64);
  Operand<Kind> result(round_up(rows, 8), result_columns);
  StepCounts counts = {rows, rows, 0, 0};
  // As much as the host gives: the sums of every block.
  bool few = kernel.find("few") != std::string::npos;
  bool many = kernel.find("many") != std::string::npos;
  int block_rows = many ? 128 : std::stoi(kernel.substr(kernel.rfind('_') + 1));
  int block_tiles = !few ? 8 : block_rows == 8 ? 1 : 4;
  Memory partials((size_t)grid.x * grid.y * grid.z * block_tiles * 16 * block_rows * 4);
  std::vector<int> arrivals(grid.x * grid.y);
  LinearIn in = {packed_weights.get(), operand.at(), out_rows, chunks};
  LinearOut to = {out.data(), mode == 0 ? bias.data() : nullptr, result.at(), mode,
                  swiglu ? result_columns : stride};
  run(kernel, grid, threads, shared, (const StepCounts *)&counts, 0, in, to,
      (float *)partials.get(), arrivals.data());
  auto product = [&](const Matrix &matrix, int row, int r, double &magnitude) {
    double sum = 0;
    for (int i = 0; i < columns; i++) {
      double term = matrix.at(r, i) * to_float(operand.at()[operand_index(row, i, chunks * 64)]);
      sum += term;
      magnitude += fabs(term);
    }
    return sum;
  };
  std::string name = kernel + " out_rows=" + std::to_string(out_rows) +
                     " columns=" + std::to_string(columns) + " rows=" + std::to_string(rows) +
                     " splits=" + std::to_string(splits);
  // Weights of few bits are made of up to three rounded factors.
  for (int row = 0; row < rows; row++) {
    for (int r = 0; r < out_rows; r++) {
      double magnitude = 0;
      double sum = product(weights, row, r, magnitude);
      if (swiglu) {
        double up = product(other, row, r, magnitude);
        double expected = sum / (1 + exp(-sum)) * up;
        double got = to_float(result.at()[operand_index(row, r, result_columns)]);
        check(name + " swiglu", got, expected, 2e-3 * (1 + magnitude) + 0.01 * fabs(expected));
      } else {
        double expected = sum + (mode == 1 ? 0.5 : bias[r]);
        check(name, out[row * stride + r], expected, 1e-6 + 1e-3 * magnitude);
      }
    }
    if (!swiglu && mode == 0 && !std::isnan(out[row * stride + out_rows])) {
      check(name + " wrote past the end", 0, 1, 0);
    }
  }
  for (int each : arrivals) {
    check(name + " arrivals", each, 0, 0);
  }
}

template <typename Kind>
void test_products(const FileFormat &format) {
  int unit = format.unit_columns;
  int odd = format.block_elements == 1 ? 72 : format.block_elements == 32 ? 96 : 256;
  struct Few {
    int rows, tiles;
  };
  for (Few few : {Few{8, 1}, Few{16, 4}, Few{32, 4}}) {
    std::string kernel = "linear_few_" + format.name + "_" + std::to_string(few.rows);
    auto grid = [&](int out_rows, int tile_rows, int splits) {
      int tiles = (out_rows + tile_rows - 1) / tile_rows;
      return dim3{(unsigned)(tiles + few.tiles - 1) / few.tiles, (unsigned)splits, 1};
    };
    test_product<Kind>(format, 40, unit * 9, few.rows, 1, 0, kernel, grid(40, 16, 1), 256, 0);
    test_product<Kind>(format, 17, odd, 1, 1, 1, kernel, grid(17, 16, 1), 256, 0);
    test_product<Kind>(format, 130, unit * 5, few.rows - 3, 3, 0, kernel, grid(130, 16, 3), 256, 0);
    test_product<Kind>(format, 24, unit * 2, few.rows, 2, 2, kernel, grid(24, 8, 2), 256, 0);
    test_product<Kind>(format, 40, unit * 6, 2, 5, 1, kernel, grid(40, 16, 5), 256, 0);
  }
  auto grid = [&](int rows, int tile, int out_rows, int tile_rows, int splits) {
    int tiles = (out_rows + tile_rows - 1) / tile_rows;
    return dim3{(unsigned)(rows + tile - 1) / tile, (unsigned)(tiles + 7) / 8, (unsigned)splits};
  };
  std::string many = "linear_many_" + format.name;
  test_product<Kind>(format, 140, unit * 3, 130, 1, 0, many, grid(130, 128, 140, 16, 1), 128, 49152);
  test_product<Kind>(format, 33, odd, 65, 1, 1, many, grid(65, 128, 33, 16, 1), 128, 49152);
  test_product<Kind>(format, 72, unit * 4, 40, 3, 2, many, grid(40, 128, 72, 8, 3), 128, 49152);
  for (int n : {64, 128, 256}) {
    std::string group = "linear_group_" + format.name + "_" + std::to_string(n);
    size_t shared = 4 * n * 128 + 64;
    test_product<Kind>(format, 140, unit * 7, n + 2, 1, 0, group, grid(n + 2, n, 140, 16, 1), 256,
                       shared);
    test_product<Kind>(format, 33, odd, 33, 1, 1, group, grid(33, n, 33, 16, 1), 256, shared);
    test_product<Kind>(format, 72, unit * 4, 40, 3, 2, group, grid(40, n, 72, 8, 3), 256, shared);
    test_product<Kind>(format, 20, unit * 6, 35, 5, 1, group, grid(35, n, 20, 16, 5), 256, shared);
  }
}

template <typename Kind>
void test_norm(const std::string &kind, double tolerance) {
  for (int dim : {24, 64, 301}) {
    int columns = round_up(dim, 64);
    for (int selected = 0; selected < 2; selected++) {
      int logit_rows[] = {4, 0, 9};
      StepCounts counts = {10, 3, 0, 0};
      StepView step = step_of(counts);
      step.logit_rows = logit_rows;
      std::vector<float> hidden(10 * dim), weight(dim);
      for (float &x : hidden) {
        x = (float)uniform(-3, 3);
      }
      for (float &x : weight) {
        x = (float)uniform(0, 2);
      }
      Operand<Kind> operand(16, columns);
      run("norm_" + kind, dim3{12, 1, 1}, 256, 0, step, (const float *)hidden.data(),
          (const float *)weight.data(), operand.at(), dim, columns, 1e-5f, selected);
      for (int i = 0; i < (selected ? 3 : 10); i++) {
        const float *row = &hidden[(selected ? logit_rows[i] : i) * dim];
        double squares = 0;
        for (int c = 0; c < dim; c++) {
          squares += row[c] * (double)row[c];
        }
        for (int c = 0; c < dim; c++) {
          double expected = row[c] / sqrt(squares / dim + 1e-5) * weight[c];
          check("norm " + kind, to_float(operand.at()[operand_index(i, c, columns)]), expected,
                1e-5 + tolerance * fabs(expected));
        }
      }
    }
  }
}

} // namespace

int main() {
  for (const FileFormat &format : formats) {
    test_embed(format);
    if (format.brain) {
      test_products<BF16>(format);
    } else {
      test_products<F16>(format);
    }
  }
  test_norm<F16>("f16", 1e-3);
  test_norm<BF16>("bf16", 5e-3);
  printf("linear: %d failures\n", failures);
  return failures != 0;
}
