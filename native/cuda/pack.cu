// From a file's rows to packed weights (weights.cuh), at load.
//
//   pack_FORMAT  grid (chunks / 4 rounded up, row tiles), 128 threads: a warp packs a chunk
//
//   low, high   the file's rows of the tiles' rows 0..7 and 8..15: of tile i the rows
//               i * tile_rows + 0..7 of each. Of one matrix tile_rows is 16 and high begins 8 rows
//               after low; of two matrices that are packed into each other it is 8.
//   low_rows, high_rows   how many rows there are; what lies beyond is packed as zeros
//   columns     as the file has them
//   row_bytes   of the file
//   target      [row tile][unit]
//
// Reads and writes every byte once. The blocks of the file's formats are those of GGUF (ggml).

#include "weights.cuh"

// --- The file's blocks ----------------------------------------------------------------------

FB_DEVICE uint16_t half_at(const uint8_t *p) { return p[0] | p[1] << 8; }

// Scale or minimum of sub-block i of Q4_K and Q5_K, in 6 bits.
FB_DEVICE int file_scale(const uint8_t *scales, int i) {
  return i < 4 ? scales[i] & 63 : (scales[i + 4] & 15) | scales[i - 4] >> 6 << 4;
}
FB_DEVICE int file_minimum(const uint8_t *scales, int i) {
  return i < 4 ? scales[i + 4] & 63 : scales[i + 4] >> 4 | scales[i] >> 6 << 4;
}
// A nibble of 64 weights in 32 bytes: the first 32 in the lower halves.
FB_DEVICE int file_nibble(const uint8_t *nibbles, int column) {
  return nibbles[column / 64 * 32 + column % 32] >> column % 64 / 32 * 4 & 15;
}

// A code of the file as packed, without its upper bits, and those.
template <typename Format>
FB_DEVICE int file_code(const uint8_t *row, int column);
template <>
FB_DEVICE int file_code<HalfWeights>(const uint8_t *row, int column) {
  return half_at(row + column * 2);
}
template <>
FB_DEVICE int file_code<BrainWeights>(const uint8_t *row, int column) {
  return half_at(row + column * 2);
}
template <>
FB_DEVICE int file_code<Q8_0>(const uint8_t *row, int column) {
  return row[column / 32 * 34 + 2 + column % 32] ^ 128;
}
template <>
FB_DEVICE int file_code<Q4_0>(const uint8_t *row, int column) {
  return row[column / 32 * 18 + 2 + column % 16] >> column % 32 / 16 * 4 & 15;
}
template <>
FB_DEVICE int file_code<Q4_K>(const uint8_t *row, int column) {
  return file_nibble(row + column / 256 * 144 + 16, column % 256);
}
template <>
FB_DEVICE int file_code<Q5_K>(const uint8_t *row, int column) {
  const uint8_t *block = row + column / 256 * 176;
  int fifth = block[16 + column % 32] >> column % 256 / 32 & 1;
  return file_nibble(block + 48, column % 256) | fifth << 4;
}
template <>
FB_DEVICE int file_code<Q6_K>(const uint8_t *row, int column) {
  const uint8_t *block = row + column / 256 * 210;
  int half = column % 256 / 128;
  int quarter = column % 128 / 32;
  int i = column % 32;
  int lower = block[half * 64 + quarter % 2 * 32 + i] >> quarter / 2 * 4 & 15;
  return lower | (block[128 + half * 32 + i] >> 2 * quarter & 3) << 4;
}

// --- Packing --------------------------------------------------------------------------------

// The codes of a lane in one chunk: [step][register][low, high element].
struct LaneCodes {
  uint32_t code[4][4][2];
};

FB_DEVICE void store_codes(HalfWeights, uint8_t *unit, int, int lane, const LaneCodes &codes) {
  for (int s = 0; s < 4; s++) {
    uint32_t *words = (uint32_t *)(unit + (s * 32 + lane) * 16);
    for (int i = 0; i < 4; i++) {
      words[i] = codes.code[s][i][0] | codes.code[s][i][1] << 16;
    }
  }
}
FB_DEVICE void store_codes(BrainWeights, uint8_t *unit, int chunk, int lane,
                           const LaneCodes &codes) {
  store_codes(HalfWeights(), unit, chunk, lane, codes);
}
FB_DEVICE void store_codes(Q8_0, uint8_t *unit, int, int lane, const LaneCodes &codes) {
  for (int s = 0; s < 4; s++) {
    uint32_t *words = (uint32_t *)(unit + s / 2 * 512 + lane * 16 + s % 2 * 8);
    for (int pair = 0; pair < 2; pair++) {
      const uint32_t(&first)[2] = codes.code[s][2 * pair];
      const uint32_t(&second)[2] = codes.code[s][2 * pair + 1];
      words[pair] = first[0] | first[1] << 8 | second[0] << 16 | second[1] << 24;
    }
  }
}
FB_DEVICE void store_nibbles(uint8_t *target, int lane, const LaneCodes &codes) {
  uint32_t *words = (uint32_t *)(target + lane * 16);
  for (int s = 0; s < 4; s++) {
    uint32_t word = 0;
    for (int i = 0; i < 4; i++) {
      word |= (codes.code[s][i][0] & 15) << 4 * i | (codes.code[s][i][1] & 15) << 4 * (i + 4);
    }
    words[s] = word;
  }
}
FB_DEVICE void store_codes(Q4_0, uint8_t *unit, int, int lane, const LaneCodes &codes) {
  store_nibbles(unit, lane, codes);
}
FB_DEVICE void store_codes(Q4_K, uint8_t *unit, int chunk, int lane, const LaneCodes &codes) {
  store_nibbles(unit + chunk * 512, lane, codes);
}
FB_DEVICE void store_codes(Q5_K, uint8_t *unit, int chunk, int lane, const LaneCodes &codes) {
  store_nibbles(unit + chunk * 512, lane, codes);
  uint32_t fifth = 0;
  for (int s = 0; s < 4; s++) {
    for (int i = 0; i < 4; i++) {
      fifth |= codes.code[s][i][0] >> 4 << (4 * s + i);
      fifth |= codes.code[s][i][1] >> 4 << (16 + 4 * s + i);
    }
  }
  ((uint32_t *)(unit + 2048))[lane * 4 + chunk] = fifth;
}
FB_DEVICE void store_codes(Q6_K, uint8_t *unit, int chunk, int lane, const LaneCodes &codes) {
  store_nibbles(unit + chunk * 512, lane, codes);
  uint32_t *words = (uint32_t *)(unit + 2048 + chunk / 2 * 512 + lane * 16) + chunk % 2 * 2;
  for (int pair = 0; pair < 2; pair++) {
    uint32_t word = 0;
    for (int s = 0; s < 2; s++) {
      for (int i = 0; i < 4; i++) {
        const uint32_t(&code)[2] = codes.code[2 * pair + s][i];
        word |= code[0] >> 4 << (8 * s + 2 * i) | code[1] >> 4 << (16 + 8 * s + 2 * i);
      }
    }
    words[pair] = word;
  }
}

// Scales of row r of a unit; row is the file's, from the unit's first column on, or null for zeros.
template <typename Weights>
FB_DEVICE void store_scales(Weights, uint8_t *, int, const uint8_t *, int) {}
FB_DEVICE void store_pair(uint8_t *scales, int r, const uint8_t *row, int columns, int bytes) {
  uint16_t *target = (uint16_t *)scales + r * 2;
  target[0] = row == nullptr ? 0 : half_at(row);
  target[1] = row == nullptr || columns <= 32 ? 0 : half_at(row + bytes);
}
FB_DEVICE void store_scales(Q8_0, uint8_t *unit, int r, const uint8_t *row, int columns) {
  store_pair(unit + 1024, r, row, columns, 34);
}
FB_DEVICE void store_scales(Q4_0, uint8_t *unit, int r, const uint8_t *row, int columns) {
  store_pair(unit + 512, r, row, columns, 18);
}
FB_DEVICE void store_minimum_scales(uint8_t *scales, int r, const uint8_t *row) {
  for (int i = 0; i < 8; i++) {
    scales[r * 16 + i] = row == nullptr ? 0 : file_scale(row + 4, i);
    scales[r * 16 + 8 + i] = row == nullptr ? 0 : file_minimum(row + 4, i);
  }
  uint16_t *d = (uint16_t *)(scales + 256) + r * 2;
  d[0] = row == nullptr ? 0 : half_at(row);
  d[1] = row == nullptr ? 0 : half_at(row + 2);
}
FB_DEVICE void store_scales(Q4_K, uint8_t *unit, int r, const uint8_t *row, int) {
  store_minimum_scales(unit + 2048, r, row);
}
FB_DEVICE void store_scales(Q5_K, uint8_t *unit, int r, const uint8_t *row, int) {
  store_minimum_scales(unit + 2560, r, row);
}
FB_DEVICE void store_scales(Q6_K, uint8_t *unit, int r, const uint8_t *row, int) {
  for (int i = 0; i < 16; i++) {
    unit[3072 + r * 16 + i] = row == nullptr ? 128 : row[192 + i] ^ 128;
  }
  ((uint16_t *)(unit + 3072 + 256))[r] = row == nullptr ? 0 : half_at(row + 208);
}

// Bytes of the file from a row's start to a unit's first column.
template <typename Format>
FB_DEVICE long long file_offset(int unit);
template <>
FB_DEVICE long long file_offset<HalfWeights>(int unit) { return unit * 128LL; }
template <>
FB_DEVICE long long file_offset<BrainWeights>(int unit) { return unit * 128LL; }
template <>
FB_DEVICE long long file_offset<Q8_0>(int unit) { return unit * 68LL; }
template <>
FB_DEVICE long long file_offset<Q4_0>(int unit) { return unit * 36LL; }
template <>
FB_DEVICE long long file_offset<Q4_K>(int unit) { return unit * 144LL; }
template <>
FB_DEVICE long long file_offset<Q5_K>(int unit) { return unit * 176LL; }
template <>
FB_DEVICE long long file_offset<Q6_K>(int unit) { return unit * 210LL; }

template <typename Format>
FB_DEVICE void pack(const uint8_t *low, const uint8_t *high, int low_rows, int high_rows,
                    int tile_rows, int columns, long long row_bytes, uint8_t *target) {
  int chunk = blockIdx.x * 4 + threadIdx.x / 32;
  int chunk_count = (columns + FB_CHUNK_COLUMNS - 1) / FB_CHUNK_COLUMNS;
  if (chunk >= chunk_count) {
    return;
  }
  int lane = threadIdx.x % 32;
  int g = lane / 4;
  int t = lane % 4;
  int tile = blockIdx.y;
  int row = tile * tile_rows + g;
  const uint8_t *rows[2] = {row < low_rows ? low + row * row_bytes : nullptr,
                            row < high_rows ? high + row * row_bytes : nullptr};
  LaneCodes codes;
  for (int s = 0; s < 4; s++) {
    for (int i = 0; i < 4; i++) {
      for (int h = 0; h < 2; h++) {
        int column = chunk * FB_CHUNK_COLUMNS + 16 * s + 2 * t + i / 2 * 8 + h;
        const uint8_t *from = rows[i % 2];
        codes.code[s][i][h] =
            from == nullptr || column >= columns ? 0 : file_code<Format>(from, column);
      }
    }
  }
  int unit_count = chunk_count / Format::unit_chunks;
  int unit = chunk / Format::unit_chunks;
  uint8_t *to = target + ((long long)tile * unit_count + unit) * Format::unit_bytes;
  store_codes(Format(), to, chunk % Format::unit_chunks, lane, codes);
  if (t < 2 && chunk % Format::unit_chunks == 0) {
    const uint8_t *from = rows[t];
    store_scales(Format(), to, g + 8 * t, from == nullptr ? from : from + file_offset<Format>(unit),
                 columns - chunk * FB_CHUNK_COLUMNS);
  }
}

#define FB_PACK(name, Format)                                                                    \
  extern "C" __global__ void __launch_bounds__(128)                                              \
      pack_##name(const uint8_t *low, const uint8_t *high, int low_rows, int high_rows,          \
                  int tile_rows, int columns, long long row_bytes, uint8_t *target) {            \
    pack<Format>(low, high, low_rows, high_rows, tile_rows, columns, row_bytes, target);         \
  }                                                                                              \
  FB_KERNEL(pack_##name)

FB_PACK(f16, HalfWeights)
FB_PACK(bf16, BrainWeights)
FB_PACK(q8_0, Q8_0)
FB_PACK(q4_0, Q4_0)
FB_PACK(q4_k, Q4_K)
FB_PACK(q5_k, Q5_K)
FB_PACK(q6_k, Q6_K)
