// The instructions of the device that the kernels use, under names of our own. Compiled by nvcc
// they are CUDA's; compiled by a C++ compiler with FB_SHIM they come from shim/shim.h, which runs
// the same kernels on a processor for the tests.
//
// 16-bit operands travel in pairs, two in one 32-bit register, the lower element in the lower half.
// Kind says what they are: F16 (IEEE half) or BF16 (bfloat16).
#pragma once

#include <stdint.h>

#define FB_WARP 32

// An operand's kind, a type to choose overloads by.
struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};
// 8 bits, e4m3: of the KV cache alone.
struct F8 {
  uint8_t bits;
};

#ifdef FB_SHIM
#include "shim/shim.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#define FB_KERNEL(name)
#define FB_DYNAMIC_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]
#define FB_DEVICE __device__ __forceinline__
#define FB_MEMBER __device__ __forceinline__
// A function that is called, not copied to where it is.
#define FB_FUNCTION static __device__ __noinline__
#endif

#ifndef FB_SHIM

// --- Conversion -----------------------------------------------------------------------------

FB_DEVICE float to_float(F16 x) { return __half2float(__ushort_as_half(x.bits)); }
FB_DEVICE float to_float(BF16 x) { return __bfloat162float(__ushort_as_bfloat16(x.bits)); }
FB_DEVICE float to_float(F8 x) {
  return __half2float(__half(__nv_cvt_fp8_to_halfraw(x.bits, __NV_E4M3)));
}

// Rounds to the nearest, ties to even; what is too large for F16 or F8 becomes the largest.
template <typename Kind>
FB_DEVICE Kind round_to(float x);
template <>
FB_DEVICE F16 round_to<F16>(float x) {
  return F16{__half_as_ushort(__float2half_rn(fminf(fmaxf(x, -65504.f), 65504.f)))};
}
template <>
FB_DEVICE BF16 round_to<BF16>(float x) {
  return BF16{__bfloat16_as_ushort(__float2bfloat16_rn(x))};
}
template <>
FB_DEVICE F8 round_to<F8>(float x) {
  return F8{(uint8_t)__nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3)};
}

// a * b + c for each of the two halves (F16), in one instruction.
FB_DEVICE uint32_t fma2(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t d;
  asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}
FB_DEVICE uint32_t mul2(uint32_t a, uint32_t b) {
  uint32_t d;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
  return d;
}
FB_DEVICE uint32_t sub2(uint32_t a, uint32_t b) {
  uint32_t d;
  asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
  return d;
}

// x & mask | bits, in one instruction.
FB_DEVICE uint32_t and_or(uint32_t x, uint32_t mask, uint32_t bits) {
  uint32_t d;
  asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(d) : "r"(x), "r"(mask), "r"(bits));
  return d;
}

// Byte i is that of the 8 bytes of low and high that nibble i of select names.
FB_DEVICE uint32_t byte_permute(uint32_t low, uint32_t high, uint32_t select) {
  return __byte_perm(low, high, select);
}
// Four F8 elements as F16, exactly: bytes 0 and 2 in even, 1 and 3 in odd. Devices older than the
// 8.9 read NaN as 480; round_to<F8> writes it for NaN alone.
FB_DEVICE void widen(uint32_t four, uint32_t &even, uint32_t &odd) {
#if __CUDA_ARCH__ >= 890
  uint32_t sorted = __byte_perm(four, 0, 0x3120);
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(even) : "h"((uint16_t)sorted));
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(odd) : "h"((uint16_t)(sorted >> 16)));
#else
  // The exponent is too small by the difference of the biases, 8.
  even = mul2((four << 8 & 0x80008000) | (four << 7 & 0x3f803f80), 0x5c005c00);
  odd = mul2((four & 0x80008000) | (four >> 1 & 0x3f803f80), 0x5c005c00);
#endif
}

// --- Warps and blocks -----------------------------------------------------------------------

template <typename T>
FB_DEVICE T shuffle_xor(T x, int mask) {
  return __shfl_xor_sync(0xffffffffu, x, mask);
}
template <typename T>
FB_DEVICE T shuffle(T x, int lane) {
  return __shfl_sync(0xffffffffu, x, lane);
}
template <typename T>
FB_DEVICE T shuffle_up(T x, int delta) {
  return __shfl_up_sync(0xffffffffu, x, delta);
}
// A bit for every lane whose x holds.
FB_DEVICE uint32_t lanes_with(bool x) { return __ballot_sync(0xffffffffu, x); }
FB_DEVICE void warp_barrier() { __syncwarp(); }
FB_DEVICE void block_barrier() { __syncthreads(); }

// --- Memory ---------------------------------------------------------------------------------

// 16 bytes that this kernel reads once: past the first cache.
FB_DEVICE uint4 load_once(const void *p) {
  uint4 x;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w)
               : "l"(p));
  return x;
}

// Copies 16 bytes from global to shared memory, without waiting; zeroes them where !valid.
FB_DEVICE void copy_async(void *shared, const void *global, bool valid = true) {
  uint32_t s = (uint32_t)__cvta_generic_to_shared(shared);
  int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(s), "l"(global), "r"(bytes)
               : "memory");
}
FB_DEVICE void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most this many of the newest groups of this thread are under way.
template <int Groups>
FB_DEVICE void copy_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
}

// --- Matrix units ---------------------------------------------------------------------------
// d[16][8] += a[16][16] * b[16][8]. With g = lane / 4 and t = lane % 4 a thread holds
//   a: (g, 2t) (g+8, 2t) (g, 2t+8) (g+8, 2t+8), each with its right neighbour
//   b: (2t, g) (2t+8, g), each with the element below
//   d: (g, 2t) (g, 2t+1) (g+8, 2t) (g+8, 2t+1)

FB_DEVICE void mma(F16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
FB_DEVICE void mma(BF16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
      "{%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Four 8x8 matrices of 16-bit elements from shared memory: lane l gives the address of row l % 8
// of matrix l / 8 (16 bytes); register i gets elements (lane / 4, 2 (lane % 4) and +1) of matrix i.
FB_DEVICE void load_matrices(uint32_t (&r)[4], const void *row) {
  uint32_t s = (uint32_t)__cvta_generic_to_shared(row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(s)
               : "memory");
}
// The same, each matrix transposed: register i gets (2 (lane % 4) and +1, lane / 4) of matrix i.
FB_DEVICE void load_matrices_transposed(uint32_t (&r)[4], const void *row) {
  uint32_t s = (uint32_t)__cvta_generic_to_shared(row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(s)
               : "memory");
}

// --- Warpgroups (sm_90a) --------------------------------------------------------------------
// What only that architecture has; on others these do not exist and must not be reached.

// A barrier in shared memory that counts arrivals and bytes; waited for by the parity of its phase.
struct PhaseBarrier {
  unsigned long long state;
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define FB_WARPGROUPS 1

FB_DEVICE uint32_t shared_address(const void *p) { return (uint32_t)__cvta_generic_to_shared(p); }
FB_DEVICE void phase_init(PhaseBarrier *barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals)
               : "memory");
}
// Makes initialised barriers known to the copying unit.
FB_DEVICE void phase_publish() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async;" ::: "memory");
}
FB_DEVICE void phase_expect(PhaseBarrier *barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared_address(barrier)),
               "r"(bytes)
               : "memory");
}
FB_DEVICE void phase_arrive(PhaseBarrier *barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}
FB_DEVICE void phase_wait(PhaseBarrier *barrier, int parity) {
  asm volatile("{\n"
               ".reg .pred done;\n"
               "again:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@done bra over;\n"
               "bra again;\n"
               "over:\n"
               "}" ::"r"(shared_address(barrier)),
               "r"(parity)
               : "memory");
}
// Copies to shared memory in bulk; the bytes count towards the barrier's phase.
FB_DEVICE void bulk_copy(void *shared, const void *global, int bytes, PhaseBarrier *barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, "
               "[%3];" ::"r"(shared_address(shared)),
               "l"(global), "r"(bytes), "r"(shared_address(barrier))
               : "memory");
}
// Makes the compiler compute a before what follows, products_fence in particular.
FB_DEVICE void products_operand(uint32_t (&a)[4]) {
  asm volatile("" : "+r"(a[0]), "+r"(a[1]), "+r"(a[2]), "+r"(a[3])::"memory");
}
// Registers of a product that is begun next are in place.
FB_DEVICE void products_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
FB_DEVICE void products_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int Groups>
FB_DEVICE void products_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Groups) : "memory");
}
#include "warpgroup.cuh"
#endif

// --- Numbers --------------------------------------------------------------------------------

FB_DEVICE uint32_t float_bits(float x) { return __float_as_uint(x); }
FB_DEVICE float bits_float(uint32_t x) { return __uint_as_float(x); }
FB_DEVICE float fast_exp(float x) { return __expf(x); }
// Adds 1 and returns what was there; orders this block's earlier writes before it, and what other
// blocks wrote before theirs after it. For one thread of a block, between barriers.
FB_DEVICE int count_up(int *p) {
  __threadfence();
  int before = atomicAdd(p, 1);
  __threadfence();
  return before;
}
// *p += x in global memory, which this thread does not wait for.
FB_DEVICE void add_to(float *p, float x) {
  asm volatile("red.global.add.f32 [%0], %1;" ::"l"(p), "f"(x) : "memory");
}
// 2^x; what is too small for a normal float becomes 0.
FB_DEVICE float fast_exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
// a * b, rounded before anything is added to it.
FB_DEVICE float rounded_product(float a, float b) { return __fmul_rn(a, b); }
FB_DEVICE void atomic_add(uint32_t *p, uint32_t x) { atomicAdd(p, x); }
// The same, and returns what was there before.
FB_DEVICE uint32_t atomic_fetch_add(uint32_t *p, uint32_t x) { return atomicAdd(p, x); }
FB_DEVICE void atomic_add(unsigned long long *p, unsigned long long x) { atomicAdd(p, x); }

#endif // FB_SHIM

template <typename Kind>
FB_DEVICE uint32_t round_pair(float low, float high) {
  return (uint32_t)round_to<Kind>(low).bits | (uint32_t)round_to<Kind>(high).bits << 16;
}
template <typename Kind>
FB_DEVICE float low_of(uint32_t pair) {
  return to_float(Kind{(uint16_t)pair});
}
template <typename Kind>
FB_DEVICE float high_of(uint32_t pair) {
  return to_float(Kind{(uint16_t)(pair >> 16)});
}

FB_DEVICE float warp_sum(float x) {
  for (int mask = FB_WARP / 2; mask > 0; mask /= 2) {
    x += shuffle_xor(x, mask);
  }
  return x;
}
FB_DEVICE float warp_max(float x) {
  for (int mask = FB_WARP / 2; mask > 0; mask /= 2) {
    x = fmaxf(x, shuffle_xor(x, mask));
  }
  return x;
}
