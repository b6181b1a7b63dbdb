/*
 * Vectors of one element per row of a group, for the instruction set this file is compiled for.
 * Kernels are written once in these terms and compiled once per instruction set.
 *
 * floats, ints: LANES 32-bit elements. "Codes" are four bytes per element: four columns of a row.
 */
#ifndef FULLBORE_LANES_H
#define FULLBORE_LANES_H

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* Loops whose counts are constants once inlined, and whose arrays are to live in registers. */
#define UNROLLED _Pragma("GCC unroll 32")

#if defined(__AVX512F__)
#include "lanes_avx512.h"
#elif defined(__AVX2__)
#include "lanes_avx2.h"
#elif defined(__ARM_NEON)
#include "lanes_neon.h"
#else
#error "no vectors for this machine: compile with -mavx2 -mfma -mf16c or better"
#endif

#endif
