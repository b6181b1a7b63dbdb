// What the device can do at most, to hold other kernels against; the server has no use for them.
//
//   ceiling_fill         grid-stride, any block. data [i] = two small floats of the kind that `one`
//                        is the bits of 1 of, in [1, 2) or (-2, -1], all different
//   ceiling_copy         grid-stride, any block. target [i] = source [i], 16 bytes each
//   ceiling_read         the same without the writing
//   ceiling_mma_KIND     any grid, 256 threads. iterations * 8 products of 16 x 8 x 16 per warp, from
//                        registers
//   ceiling_group_KIND   (sm_90a) any grid, 256 threads, 32768 bytes of dynamic shared memory.
//                        iterations * 4 products of 64 x 256 x 16 per warpgroup, one operand from
//                        registers and the other from shared memory
//
// Products take their operands from what ceiling_fill made, as numbers that are all alike draw less
// power. out is written where a sum is one that none is, so that nothing is left out.
#pragma once

#include "device.cuh"

FB_DEVICE long long thread_index() { return (long long)blockIdx.x * blockDim.x + threadIdx.x; }
FB_DEVICE long long thread_count() { return (long long)gridDim.x * blockDim.x; }

// one: 0x3c00 in F16, 0x3f80 in BF16; the mantissa is what is below.
extern "C" __global__ void ceiling_fill(uint32_t *data, long long count, int one, int mantissa) {
  for (long long i = thread_index(); i < count; i += thread_count()) {
    uint32_t x = (uint32_t)i * 0x9e3779b9u;
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x ^= x >> 13;
    data[i] = (x & (0x80008000u | (uint32_t)mantissa * 0x10001u)) | (uint32_t)one * 0x10001u;
  }
}
FB_KERNEL(ceiling_fill)

#define FB_AT_ONCE 4 // loads of a thread under way

extern "C" __global__ void ceiling_copy(uint4 *target, const uint4 *source, long long count) {
  long long stride = thread_count();
  for (long long i = thread_index(); i < count; i += FB_AT_ONCE * stride) {
    uint4 x[FB_AT_ONCE];
#pragma unroll
    for (int j = 0; j < FB_AT_ONCE; j++) {
      if (i + j * stride < count) {
        x[j] = load_once(source + i + j * stride);
      }
    }
#pragma unroll
    for (int j = 0; j < FB_AT_ONCE; j++) {
      if (i + j * stride < count) {
        target[i + j * stride] = x[j];
      }
    }
  }
}
FB_KERNEL(ceiling_copy)

extern "C" __global__ void ceiling_read(const uint4 *source, long long count, uint32_t *out) {
  long long stride = thread_count();
  uint32_t all = 0xffffffffu;
  for (long long i = thread_index(); i < count; i += FB_AT_ONCE * stride) {
    uint4 x[FB_AT_ONCE];
#pragma unroll
    for (int j = 0; j < FB_AT_ONCE; j++) {
      x[j] = i + j * stride < count ? load_once(source + i + j * stride) : uint4{1, 1, 1, 1};
    }
#pragma unroll
    for (int j = 0; j < FB_AT_ONCE; j++) {
      all &= x[j].x | x[j].y | x[j].z | x[j].w;
    }
  }
  if (all == 0x12345678u) {
    out[0] = all;
  }
}
FB_KERNEL(ceiling_read)

template <typename Kind>
FB_DEVICE void ceiling_mma(const uint32_t *data, int iterations, float *out) {
  constexpr int products = 8;
  uint32_t a[4];
  uint32_t b[products][2];
  float sums[products][4] = {};
  const uint32_t *mine = data + threadIdx.x * (4 + 2 * products);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    a[i] = mine[i];
  }
#pragma unroll
  for (int i = 0; i < products; i++) {
    b[i][0] = mine[4 + 2 * i];
    b[i][1] = mine[5 + 2 * i];
  }
  for (int iteration = 0; iteration < iterations; iteration++) {
#pragma unroll
    for (int i = 0; i < products; i++) {
      mma(Kind(), sums[i], a, b[i][0], b[i][1]);
    }
  }
#pragma unroll
  for (int i = 0; i < products; i++) {
    if (sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3] == 0.123f) {
      out[0] = sums[i][0];
    }
  }
}

#if defined(FB_WARPGROUPS)
template <typename Kind>
FB_DEVICE void ceiling_group(const uint32_t *data, int iterations, float *out) {
  constexpr int depth = 4; // products of 16 columns
  FB_DYNAMIC_SHARED(shared);
  uint32_t *words = (uint32_t *)shared;
  for (int i = threadIdx.x; i < 256 * depth * 8; i += 256) {
    words[i] = data[i];
  }
  uint32_t a[depth][4];
#pragma unroll
  for (int i = 0; i < depth * 4; i++) {
    a[i / 4][i % 4] = data[threadIdx.x * depth * 4 + i];
  }
  float sums[128];
#pragma unroll
  for (int i = 0; i < 128; i++) {
    sums[i] = 0;
  }
#ifndef FB_SHIM
  asm volatile("fence.proxy.async;" ::: "memory"); // the matrix units read what threads wrote
#endif
  block_barrier();
  for (int iteration = 0; iteration < iterations; iteration++) {
    products_fence();
#pragma unroll
    for (int i = 0; i < depth; i++) {
      product(Kind(), sums, a[i], product_operand(shared + i * 256, depth * 256));
    }
    products_commit();
    products_wait<1>();
  }
  products_wait<0>();
  float all = 0;
#pragma unroll
  for (int i = 0; i < 128; i++) {
    all += sums[i];
  }
  if (all == 0.123f) {
    out[0] = all;
  }
}
#define FB_CEILING_GROUP(Kind) ceiling_group<Kind>(data, iterations, out);
#else
#define FB_CEILING_GROUP(Kind) // the host asks for it on sm_90 alone
#endif

#define FB_CEILING(name, Kind)                                                                   \
  extern "C" __global__ void __launch_bounds__(256)                                              \
      ceiling_mma_##name(const uint32_t *data, int iterations, float *out) {                     \
    ceiling_mma<Kind>(data, iterations, out);                                                    \
  }                                                                                              \
  FB_KERNEL(ceiling_mma_##name)                                                                  \
  extern "C" __global__ void __launch_bounds__(256, 1)                                           \
      ceiling_group_##name(const uint32_t *data, int iterations, float *out) {                   \
    FB_CEILING_GROUP(Kind)                                                                       \
  }                                                                                              \
  FB_KERNEL(ceiling_group_##name)

FB_CEILING(f16, F16)
FB_CEILING(bf16, BF16)
