// Weights as the matrix kernels read them: packed once at load, still quantised, in the order in
// which the lanes of a warp need them, so that a warp reads whole runs of 512 bytes.
//
//   packed   [row tile][unit], a row tile has 16 rows, a unit 64 columns (256 for K-quants)
//
// A chunk is 16 rows by 64 columns: four steps of one matrix instruction (16 by 16). With
// g = lane / 4, t = lane % 4 a lane holds of step s
//   register 0: row g, columns 16s + 2t, +1         register 1: the same of row g + 8
//   register 2: row g, columns 16s + 2t + 8, +9     register 3: the same of row g + 8
// The lower column is the lower half of the register. In bits, with register i of step s:
//
//   16 bits   [step][lane] uint4, word i is register i
//   8 bits    [2 steps][lane] uint4; two words per step: low bytes first, registers 0, 1 | 2, 3;
//             q + 128
//   4 bits    [lane] uint4, word s; register i: nibble i its low element, nibble i + 4 its high one
//   5th bit   [lane] uint4, word c of the unit's chunk c; bit 4s + i low, 16 + 4s + i high
//   6th, 5th  [2 chunks][lane] uint4; words 2c, 2c + 1 (of the pair) of chunk c: steps 0, 1 | 2, 3;
//             bits 8 (s % 2) + 2i low, 16 + … high
//
// and after the codes of a unit, for its 16 rows r:
//
//   Q8_0, Q4_0   [r] two scales in half precision, of columns 0..31 and 32..63
//   Q4_K, Q5_K   [r] 8 scales, 8 minima, one byte each; then [r] d, dmin in half precision
//   Q6_K         [r] 16 scales + 128, one byte each; then [r] d in half precision
//
// Bits per weight: 16, 8.5, 4.5, 4.625, 5.625, 6.5625; the files have 4.5 and 5.5 for the two in
// the middle, whose scales are packed in 6 bits there.
#pragma once

#include "device.cuh"

#define FB_TILE_ROWS 16
#define FB_CHUNK_COLUMNS 64

// Two times 1024 + x in half precision, whose low bits are x's own: integers become floats by
// putting them there and taking 1024 away.
#define FB_MAGIC 0x64006400u

FB_DEVICE uint32_t twice(uint16_t half) { return half | (uint32_t)half << 16; }
FB_DEVICE uint32_t low_twice(uint32_t pair) { return byte_permute(pair, 0, 0x1010); }
FB_DEVICE uint32_t high_twice(uint32_t pair) { return byte_permute(pair, 0, 0x3232); }

// What the kernels need of a format:
//   unit_bytes, unit_chunks   size of a unit
//   Scales, scales()          what a lane needs of a unit beside its codes
//   Codes, codes()            a lane's codes of one chunk
//   Kind                      of its operands
//   registers()               one step's four registers of that kind
//   element()                 one weight, for look-ups

template <typename Bits>
struct Halves { // F16 and BF16
  using Kind = Bits;
  static constexpr int unit_chunks = 1;
  static constexpr int unit_bytes = 2048;
  struct Scales {};
  struct Codes {
    uint4 step[4];
  };
  static FB_MEMBER Scales scales(const uint8_t *, int) { return {}; }
  static FB_MEMBER Codes codes(const uint8_t *unit, int, int lane) {
    Codes codes;
#pragma unroll
    for (int s = 0; s < 4; s++) {
      codes.step[s] = load_once(unit + (s * 32 + lane) * 16);
    }
    return codes;
  }
  static FB_MEMBER void registers(uint32_t (&a)[4], const Codes &codes, const Scales &, int, int s) {
    a[0] = codes.step[s].x;
    a[1] = codes.step[s].y;
    a[2] = codes.step[s].z;
    a[3] = codes.step[s].w;
  }
  static FB_MEMBER float element(const uint8_t *unit, int row, int column) {
    int lane = row % 8 * 4 + column % 8 / 2;
    int word = row / 8 + column % 16 / 8 * 2;
    const uint16_t *halves = (const uint16_t *)(unit + (column / 16 * 32 + lane) * 16 + word * 4);
    return to_float(Bits{halves[column % 2]});
  }
};

// The two scales of a row's 64 columns.
struct PairScales {
  uint32_t low; // of row g
  uint32_t high; // of row g + 8
  static FB_MEMBER PairScales at(const uint8_t *scales, int g) {
    const uint32_t *rows = (const uint32_t *)scales;
    return {rows[g], rows[g + 8]};
  }
  FB_MEMBER uint32_t of(uint32_t row, int s) const { return s < 2 ? low_twice(row) : high_twice(row); }
};

struct Q8_0 {
  using Kind = F16;
  static constexpr int unit_chunks = 1;
  static constexpr int unit_bytes = 1024 + 64;
  using Scales = PairScales;
  struct Codes {
    uint4 steps[2];
  };
  static FB_MEMBER Scales scales(const uint8_t *unit, int lane) {
    return PairScales::at(unit + 1024, lane / 4);
  }
  static FB_MEMBER Codes codes(const uint8_t *unit, int, int lane) {
    return {{load_once(unit + lane * 16), load_once(unit + 512 + lane * 16)}};
  }
  static FB_MEMBER void registers(uint32_t (&a)[4], const Codes &codes, const Scales &scales, int,
                                  int s) {
    const uint4 &four = codes.steps[s / 2];
    uint32_t first = s % 2 ? four.z : four.x;
    uint32_t second = s % 2 ? four.w : four.y;
    uint32_t low = scales.of(scales.low, s);
    uint32_t high = scales.of(scales.high, s);
    const uint32_t offset = 0x64806480; // 1024 + 128
    a[0] = mul2(sub2(byte_permute(first, FB_MAGIC, 0x7170), offset), low);
    a[1] = mul2(sub2(byte_permute(first, FB_MAGIC, 0x7372), offset), high);
    a[2] = mul2(sub2(byte_permute(second, FB_MAGIC, 0x7170), offset), low);
    a[3] = mul2(sub2(byte_permute(second, FB_MAGIC, 0x7372), offset), high);
  }
  static FB_MEMBER float element(const uint8_t *unit, int row, int column) {
    int lane = row % 8 * 4 + column % 8 / 2;
    int word = column / 16 % 2 * 2 + column % 16 / 8;
    int byte = row / 8 * 2 + column % 2;
    int code = unit[column / 32 * 512 + lane * 16 + word * 4 + byte];
    const F16 *scales = (const F16 *)(unit + 1024);
    return (code - 128) * to_float(scales[row * 2 + column / 32]);
  }
};

// Four registers of 4-bit integers, each 1024 + q.
FB_DEVICE void nibbles(uint32_t (&a)[4], uint32_t word) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    a[i] = and_or(word >> 4 * i, 0x000f000f, FB_MAGIC);
  }
}
FB_DEVICE int nibble_at(const uint8_t *codes, int row, int column) {
  int lane = row % 8 * 4 + column % 8 / 2;
  uint32_t word = ((const uint32_t *)codes)[lane * 4 + column / 16];
  int i = row / 8 + column % 16 / 8 * 2;
  return word >> 4 * (i + column % 2 * 4) & 15;
}
FB_DEVICE uint32_t word_of(const uint4 &four, int i) {
  return i == 0 ? four.x : i == 1 ? four.y : i == 2 ? four.z : four.w;
}

struct Q4_0 {
  using Kind = F16;
  static constexpr int unit_chunks = 1;
  static constexpr int unit_bytes = 512 + 64;
  using Scales = PairScales;
  struct Codes {
    uint4 steps;
  };
  static FB_MEMBER Scales scales(const uint8_t *unit, int lane) {
    return PairScales::at(unit + 512, lane / 4);
  }
  static FB_MEMBER Codes codes(const uint8_t *unit, int, int lane) {
    return {load_once(unit + lane * 16)};
  }
  static FB_MEMBER void registers(uint32_t (&a)[4], const Codes &codes, const Scales &scales, int,
                                  int s) {
    nibbles(a, word_of(codes.steps, s));
    uint32_t low = scales.of(scales.low, s);
    uint32_t high = scales.of(scales.high, s);
    const uint32_t offset = 0x64086408; // 1024 + 8
#pragma unroll
    for (int i = 0; i < 4; i++) {
      a[i] = mul2(sub2(a[i], offset), i % 2 ? high : low);
    }
  }
  static FB_MEMBER float element(const uint8_t *unit, int row, int column) {
    const F16 *scales = (const F16 *)(unit + 512);
    return (nibble_at(unit, row, column) - 8) * to_float(scales[row * 2 + column / 32]);
  }
};

// Scales and minima of a lane's two rows over a unit of Q4_K or Q5_K.
struct MinimumScales {
  uint4 low; // of row g: 8 scales, 8 minima
  uint4 high; // of row g + 8
  uint32_t low_d; // d, dmin
  uint32_t high_d;
  static FB_MEMBER MinimumScales at(const uint8_t *scales, int g) {
    const uint4 *bytes = (const uint4 *)scales;
    const uint32_t *d = (const uint32_t *)(scales + 256);
    return {bytes[g], bytes[g + 8], d[g], d[g + 8]};
  }
  // The scale of step s of a chunk, and its minimum below zero, each twice.
  static FB_MEMBER void of(const uint4 &row, uint32_t d, int chunk, int s, uint32_t &scale,
                           uint32_t &minimum) {
    uint32_t both = chunk / 2 ? row.y : row.x;
    uint32_t minima = chunk / 2 ? row.w : row.z;
    // Byte 2 (chunk % 2) + s / 2 of the word, twice.
    int at = chunk % 2 * 2 + s / 2;
    uint32_t select = 0x7070 + at * 0x0101;
    scale = mul2(sub2(byte_permute(both, FB_MAGIC, select), FB_MAGIC), low_twice(d));
    minimum = mul2(sub2(byte_permute(minima, FB_MAGIC, select), FB_MAGIC),
                   high_twice(d) ^ 0x80008000u);
  }
  static FB_MEMBER float element(const uint8_t *scales, int row, int column, int code) {
    const uint8_t *bytes = scales + row * 16;
    const F16 *d = (const F16 *)(scales + 256 + row * 4);
    return to_float(d[0]) * bytes[column / 32] * code - to_float(d[1]) * bytes[8 + column / 32];
  }
};

// registers() of codes q with a scale and a minimum: q * scale - minimum. a has q in the upper bits
// of a mantissa, as Offset + q for an Offset of 2^Bits: so small that taking it away with the minimum
// costs no more than rounding the weight does.
template <int Bits>
FB_DEVICE void with_minima(uint32_t (&a)[4], const MinimumScales &scales, int chunk, int s) {
  uint32_t scale[2], minimum[2];
  MinimumScales::of(scales.low, scales.low_d, chunk, s, scale[0], minimum[0]);
  MinimumScales::of(scales.high, scales.high_d, chunk, s, scale[1], minimum[1]);
  const uint32_t less = twice(0x8000 | (Bits + 15) << 10);
#pragma unroll
  for (int i = 0; i < 2; i++) {
    minimum[i] = fma2(scale[i], less, minimum[i]);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    a[i] = fma2(a[i], scale[i % 2], minimum[i % 2]);
  }
}
// Nibble i of word's halves as the bits below bit 10 of a number 2^Bits + q, a bit of Bits to spare
// where there is a fifth.
template <int Bits>
FB_DEVICE void upper_nibbles(uint32_t (&a)[4], uint32_t word) {
  constexpr int lowest = 10 - Bits;
  const uint32_t mask = twice(15 << lowest);
  const uint32_t power = twice((Bits + 15) << 10);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    a[i] = and_or(4 * i < lowest ? word << (lowest - 4 * i) : word >> (4 * i - lowest), mask, power);
  }
}

struct Q4_K {
  using Kind = F16;
  static constexpr int unit_chunks = 4;
  static constexpr int unit_bytes = 2048 + 320;
  using Scales = MinimumScales;
  struct Codes {
    uint4 steps;
  };
  static FB_MEMBER Scales scales(const uint8_t *unit, int lane) {
    return MinimumScales::at(unit + 2048, lane / 4);
  }
  static FB_MEMBER Codes codes(const uint8_t *unit, int chunk, int lane) {
    return {load_once(unit + chunk * 512 + lane * 16)};
  }
  static FB_MEMBER void registers(uint32_t (&a)[4], const Codes &codes, const Scales &scales,
                                  int chunk, int s) {
    upper_nibbles<4>(a, word_of(codes.steps, s));
    with_minima<4>(a, scales, chunk, s);
  }
  static FB_MEMBER float element(const uint8_t *unit, int row, int column) {
    int code = nibble_at(unit + column / 64 * 512, row, column % 64);
    return MinimumScales::element(unit + 2048, row, column, code);
  }
};

struct Q5_K {
  using Kind = F16;
  static constexpr int unit_chunks = 4;
  static constexpr int unit_bytes = 2048 + 512 + 320;
  using Scales = MinimumScales;
  struct Codes {
    uint4 steps;
    uint32_t fifth;
  };
  static FB_MEMBER Scales scales(const uint8_t *unit, int lane) {
    return MinimumScales::at(unit + 2560, lane / 4);
  }
  static FB_MEMBER Codes codes(const uint8_t *unit, int chunk, int lane) {
    return {load_once(unit + chunk * 512 + lane * 16),
            *(const uint32_t *)(unit + 2048 + lane * 16 + chunk * 4)};
  }
  static FB_MEMBER void registers(uint32_t (&a)[4], const Codes &codes, const Scales &scales,
                                  int chunk, int s) {
    upper_nibbles<5>(a, word_of(codes.steps, s));
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int at = 4 * s + i;
      a[i] = and_or(at < 9 ? codes.fifth << (9 - at) : codes.fifth >> (at - 9), 0x02000200, a[i]);
    }
    with_minima<5>(a, scales, chunk, s);
  }
  static FB_MEMBER float element(const uint8_t *unit, int row, int column) {
    int lane = row % 8 * 4 + column % 8 / 2;
    int bit = column % 64 / 16 * 4 + row / 8 + column % 16 / 8 * 2 + column % 2 * 16;
    uint32_t fifth = ((const uint32_t *)(unit + 2048))[lane * 4 + column / 64];
    int code = nibble_at(unit + column / 64 * 512, row, column % 64) | (fifth >> bit & 1) << 4;
    return MinimumScales::element(unit + 2560, row, column, code);
  }
};

struct Q6_K {
  using Kind = F16;
  static constexpr int unit_chunks = 4;
  static constexpr int unit_bytes = 2048 + 1024 + 288;
  struct Scales {
    uint4 low; // of row g: 16 scales
    uint4 high; // of row g + 8
    uint16_t low_d;
    uint16_t high_d;
  };
  struct Codes {
    uint4 steps;
    uint2 upper;
  };
  static FB_MEMBER Scales scales(const uint8_t *unit, int lane) {
    const uint4 *bytes = (const uint4 *)(unit + 3072);
    const uint16_t *d = (const uint16_t *)(unit + 3072 + 256);
    int g = lane / 4;
    return {bytes[g], bytes[g + 8], d[g], d[g + 8]};
  }
  static FB_MEMBER Codes codes(const uint8_t *unit, int chunk, int lane) {
    return {load_once(unit + chunk * 512 + lane * 16),
            *(const uint2 *)(unit + 2048 + chunk / 2 * 512 + lane * 16 + chunk % 2 * 8)};
  }
  static FB_MEMBER void registers(uint32_t (&a)[4], const Codes &codes, const Scales &scales,
                                  int chunk, int s) {
    nibbles(a, word_of(codes.steps, s));
    uint32_t upper = s < 2 ? codes.upper.x : codes.upper.y;
    uint32_t select = 0x7070 + s * 0x0101;
    const uint32_t scale_offset = 0x64806480; // 1024 + 128
    const uint32_t offset = 0x64206420;       // 1024 + 32
    uint32_t low = byte_permute(word_of(scales.low, chunk), FB_MAGIC, select);
    uint32_t high = byte_permute(word_of(scales.high, chunk), FB_MAGIC, select);
    low = mul2(sub2(low, scale_offset), twice(scales.low_d));
    high = mul2(sub2(high, scale_offset), twice(scales.high_d));
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int at = s % 2 * 8 + 2 * i;
      a[i] = and_or(at >= 4 ? upper >> (at - 4) : upper << (4 - at), 0x00300030, a[i]);
      a[i] = mul2(sub2(a[i], offset), i % 2 ? high : low);
    }
  }
  static FB_MEMBER float element(const uint8_t *unit, int row, int column) {
    int lane = row % 8 * 4 + column % 8 / 2;
    int chunk = column / 64;
    int s = column % 64 / 16;
    int i = row / 8 + column % 16 / 8 * 2;
    const uint32_t *upper = (const uint32_t *)(unit + 2048 + chunk / 2 * 512 + lane * 16);
    int bit = s % 2 * 8 + 2 * i + column % 2 * 16;
    int code = nibble_at(unit + chunk * 512, row, column % 64) |
               (upper[chunk % 2 * 2 + s / 2] >> bit & 3) << 4;
    int scale = unit[3072 + row * 16 + column / 16] - 128;
    const F16 *d = (const F16 *)(unit + 3072 + 256);
    return to_float(d[row]) * scale * (code - 32);
  }
};

using HalfWeights = Halves<F16>;
using BrainWeights = Halves<BF16>;
