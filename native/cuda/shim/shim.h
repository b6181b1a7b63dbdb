// Runs CUDA kernels on a processor, for tests: a block's threads are fibers of one system thread,
// which take turns at barriers and shuffles. Blocks run one after another.
//
// Warp-wide instructions are collective: every lane that has not ended must reach the same one, and
// a block that cannot go on (a barrier that some threads never reach) ends the process with a
// message. Shared memory is filled with NaNs before each block, so that a read of what nobody wrote
// shows. Copies that the device makes while the kernel goes on happen as late as they may: at the
// wait that covers them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __constant__ static
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#define __grid_constant__
#define FB_DEVICE inline
#define FB_MEMBER inline
#define FB_FUNCTION static
#define __shared__ static

struct uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
static inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) {
  return uint4{x, y, z, w};
}
static inline float2 make_float2(float x, float y) { return float2{x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return float4{x, y, z, w}; }
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

namespace shim {

// The thread whose turn it is.
extern dim3 thread, block, block_size, grid_size;
// Dynamic shared memory of the block under way.
extern unsigned char *dynamic_shared;

// Runs a kernel to its end. body calls it with its arguments.
void launch(dim3 grid, dim3 threads, size_t shared_bytes, const std::function<void()> &body);

void block_wait();
// Exchange among the lanes of a warp: gives a value, and returns the values of all 32 lanes (those
// of lanes that have ended stay as they were); valid until this thread's next exchange.
const void *exchange(const void *value, size_t bytes);
void warp_wait();

template <typename T>
struct Lanes {
  T lane[32];
};
template <typename T>
static inline const T *exchange(const T &value) {
  return (const T *)exchange(&value, sizeof(T));
}

void copy_later(void *target, const void *source, bool valid);
void copy_commit();
void copy_wait(int groups);

// Which kernels there are: name, and how to call one with CUDA's array of argument addresses.
using Call = std::function<void(void **)>;
struct Parameter {
  size_t bytes;
  size_t alignment;
};
using Parameters = std::vector<Parameter>;
struct Registration {
  Registration(const char *name, Call call, Parameters parameters);
};
Call find(const char *name); // empty where there is none
const Parameters &parameters_of(const char *name); // of one that there is

template <typename... A, size_t... I>
static inline Call unpack(void (*kernel)(A...), std::index_sequence<I...>) {
  return [kernel](void **arguments) { kernel(*(A *)arguments[I]...); };
}
template <typename... A>
static inline Call caller(void (*kernel)(A...)) {
  return unpack(kernel, std::index_sequence_for<A...>{});
}
template <typename... A>
static inline Parameters parameters(void (*)(A...)) {
  return {Parameter{sizeof(A), alignof(A)}...};
}

float half_to_float(uint16_t bits);
uint16_t float_to_half(float x); // to the nearest, ties to even; overflows to infinity
float f8_to_float(uint8_t bits);
uint8_t float_to_f8(float x); // saturates

int lane();

} // namespace shim

#define threadIdx shim::thread
#define blockIdx shim::block
#define blockDim shim::block_size
#define gridDim shim::grid_size

// After a kernel's definition: makes it known to the driver.
#define FB_KERNEL(name)                                                                            \
  static shim::Registration registration_##name(#name, shim::caller(name), shim::parameters(name));
#define FB_DYNAMIC_SHARED(name) unsigned char *name = shim::dynamic_shared


// --- The instructions of device.cuh ---------------------------------------------------------

FB_DEVICE float to_float(F16 x) { return shim::half_to_float(x.bits); }
FB_DEVICE float to_float(BF16 x) {
  uint32_t bits = (uint32_t)x.bits << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}
FB_DEVICE float to_float(F8 x) { return shim::f8_to_float(x.bits); }

template <typename Kind>
static inline Kind round_to(float x);
template <>
inline F16 round_to<F16>(float x) {
  return F16{shim::float_to_half(fminf(fmaxf(x, -65504.f), 65504.f))};
}
template <>
inline BF16 round_to<BF16>(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if (x != x) {
    return BF16{0x7fff};
  }
  return BF16{(uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
template <>
inline F8 round_to<F8>(float x) {
  return F8{shim::float_to_f8(x)};
}

namespace shim {
template <typename Op>
static inline uint32_t by_halves(uint32_t a, uint32_t b, uint32_t c, Op op) {
  uint16_t low = float_to_half(
      op(half_to_float((uint16_t)a), half_to_float((uint16_t)b), half_to_float((uint16_t)c)));
  uint16_t high = float_to_half(op(half_to_float((uint16_t)(a >> 16)),
                                   half_to_float((uint16_t)(b >> 16)),
                                   half_to_float((uint16_t)(c >> 16))));
  return (uint32_t)low | (uint32_t)high << 16;
}
} // namespace shim
FB_DEVICE uint32_t fma2(uint32_t a, uint32_t b, uint32_t c) {
  return shim::by_halves(a, b, c, [](float x, float y, float z) { return x * y + z; });
}
FB_DEVICE uint32_t mul2(uint32_t a, uint32_t b) {
  return shim::by_halves(a, b, 0, [](float x, float y, float) { return x * y; });
}
FB_DEVICE uint32_t sub2(uint32_t a, uint32_t b) {
  return shim::by_halves(a, b, 0, [](float x, float y, float) { return x - y; });
}
FB_DEVICE void widen(uint32_t four, uint32_t &even, uint32_t &odd) {
  uint32_t half[4];
  for (int i = 0; i < 4; i++) {
    half[i] = shim::float_to_half(shim::f8_to_float((uint8_t)(four >> 8 * i)));
  }
  even = half[0] | half[2] << 16;
  odd = half[1] | half[3] << 16;
}

FB_DEVICE uint32_t and_or(uint32_t x, uint32_t mask, uint32_t bits) { return (x & mask) | bits; }
FB_DEVICE uint32_t byte_permute(uint32_t low, uint32_t high, uint32_t select) {
  uint64_t bytes = low | (uint64_t)high << 32;
  uint32_t chosen = 0;
  for (int i = 0; i < 4; i++) {
    chosen |= (uint32_t)(bytes >> 8 * (select >> 4 * i & 7) & 0xff) << 8 * i;
  }
  return chosen;
}

template <typename T>
FB_DEVICE T shuffle_xor(T x, int mask) {
  return shim::exchange(x)[shim::lane() ^ mask];
}
template <typename T>
FB_DEVICE T shuffle(T x, int lane) {
  return shim::exchange(x)[lane & 31];
}
template <typename T>
FB_DEVICE T shuffle_up(T x, int delta) {
  int from = shim::lane() - delta;
  const T *all = shim::exchange(x);
  return from < 0 ? x : all[from];
}
FB_DEVICE uint32_t lanes_with(bool x) {
  const bool *all = shim::exchange(x);
  uint32_t bits = 0;
  for (int i = 0; i < 32; i++) {
    bits |= (uint32_t)all[i] << i;
  }
  return bits;
}
FB_DEVICE void warp_barrier() { shim::warp_wait(); }
FB_DEVICE void block_barrier() { shim::block_wait(); }

FB_DEVICE uint4 load_once(const void *p) { return *(const uint4 *)p; }
FB_DEVICE void copy_async(void *shared, const void *global, bool valid = true) {
  shim::copy_later(shared, global, valid);
}
FB_DEVICE void copy_commit() { shim::copy_commit(); }
template <int Groups>
FB_DEVICE void copy_wait() {
  shim::copy_wait(Groups);
}

namespace shim {
void multiply(float *d, const uint32_t *a, uint32_t b0, uint32_t b1, float (*decode)(uint16_t));
const uint32_t *matrices(const void *row); // [matrix][row][4 pairs], of the whole warp
static inline float decode_f16(uint16_t bits) { return to_float(F16{bits}); }
static inline float decode_bf16(uint16_t bits) { return to_float(BF16{bits}); }
} // namespace shim

FB_DEVICE void mma(F16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  shim::multiply(d, a, b0, b1, shim::decode_f16);
}
FB_DEVICE void mma(BF16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  shim::multiply(d, a, b0, b1, shim::decode_bf16);
}
FB_DEVICE void load_matrices(uint32_t (&r)[4], const void *row) {
  const uint32_t *all = shim::matrices(row);
  for (int i = 0; i < 4; i++) {
    r[i] = all[(i * 8 + shim::lane() / 4) * 4 + shim::lane() % 4];
  }
}
FB_DEVICE void load_matrices_transposed(uint32_t (&r)[4], const void *row) {
  const uint32_t *all = shim::matrices(row);
  int column = shim::lane() / 4;
  for (int i = 0; i < 4; i++) {
    uint32_t pair[2];
    for (int half = 0; half < 2; half++) {
      int from = 2 * (shim::lane() % 4) + half;
      uint32_t both = all[(i * 8 + from) * 4 + column / 2];
      pair[half] = column % 2 ? both >> 16 : both & 0xffff;
    }
    r[i] = pair[0] | pair[1] << 16;
  }
}

// --- Warpgroups -------------------------------------------------------------------------------

#define FB_WARPGROUPS 1
struct PhaseBarrier {
  int expected; // arrivals of a phase
  int arrivals;
  long long bytes; // expected less arrived
  int phase;
};
namespace shim {
void yield(); // lets other threads run while this one waits for them
static inline void phase_check(PhaseBarrier *barrier) {
  if (barrier->arrivals == barrier->expected && barrier->bytes == 0) {
    barrier->arrivals = 0;
    barrier->phase++;
  }
}
} // namespace shim
FB_DEVICE void phase_init(PhaseBarrier *barrier, int arrivals) { *barrier = {arrivals, 0, 0, 0}; }
FB_DEVICE void phase_publish() {}
FB_DEVICE void phase_expect(PhaseBarrier *barrier, int bytes) {
  barrier->arrivals++;
  barrier->bytes += bytes;
  shim::phase_check(barrier);
}
FB_DEVICE void phase_arrive(PhaseBarrier *barrier) {
  barrier->arrivals++;
  shim::phase_check(barrier);
}
FB_DEVICE void phase_wait(PhaseBarrier *barrier, int parity) {
  while (barrier->phase % 2 == parity) {
    shim::yield();
  }
}
FB_DEVICE void bulk_copy(void *shared, const void *global, int bytes, PhaseBarrier *barrier) {
  memcpy(shared, global, bytes);
  barrier->bytes -= bytes;
  shim::phase_check(barrier);
}
FB_DEVICE void products_operand(uint32_t (&)[4]) {}
FB_DEVICE void products_fence() {}
FB_DEVICE void products_commit() {}
template <int Groups>
FB_DEVICE void products_wait() {}
struct ProductOperand {
  const unsigned char *b;
  int stride_bytes;
};
FB_DEVICE ProductOperand product_operand(const void *b, int stride_bytes) {
  return {(const unsigned char *)b, stride_bytes};
}
template <typename Kind, int Registers>
FB_DEVICE void product(Kind kind, float (&d)[Registers], const uint32_t (&a)[4], ProductOperand b) {
  for (int j = 0; j < Registers / 4; j++) {
    const uint32_t *first = (const uint32_t *)(b.b + j * b.stride_bytes);
    const uint32_t *second = (const uint32_t *)(b.b + j * b.stride_bytes + 128);
    float sums[4] = {d[4 * j], d[4 * j + 1], d[4 * j + 2], d[4 * j + 3]};
    mma(kind, sums, a, first[shim::lane()], second[shim::lane()]);
    memcpy(d + 4 * j, sums, sizeof sums);
  }
}

FB_DEVICE int count_up(int *p) { return (*p)++; }
FB_DEVICE uint32_t float_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}
FB_DEVICE float bits_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}
FB_DEVICE void atomic_add(uint32_t *p, uint32_t x) { *p += x; }
FB_DEVICE void add_to(float *p, float x) { *p += x; }
FB_DEVICE uint32_t atomic_fetch_add(uint32_t *p, uint32_t x) {
  uint32_t before = *p;
  *p += x;
  return before;
}
FB_DEVICE void atomic_add(unsigned long long *p, unsigned long long x) { *p += x; }
static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
static inline float fast_exp(float x) { return expf(x); }
static inline float fast_exp2(float x) {
  float y = exp2f(x);
  return y < 0x1p-126f ? 0 : y;
}
FB_DEVICE float rounded_product(float a, float b) {
  volatile float rounded = a * b;
  return rounded;
}
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
