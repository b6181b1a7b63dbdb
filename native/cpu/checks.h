/* What the tests of the kernels share: counted checks, and numbers that every run has. */
#ifndef FULLBORE_CHECKS_H
#define FULLBORE_CHECKS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int checks_done, checks_failed;

/* The first failures are told, all are counted. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        checks_done++;                                                                             \
        if (!(condition) && checks_failed++ < 20) {                                                \
            printf("%s:%d: ", __FILE__, __LINE__);                                                 \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
        }                                                                                          \
    } while (0)

static uint32_t checks_seed = 1;

static inline uint32_t random_bits(void) {
    checks_seed = checks_seed * 1664525 + 1013904223;
    return checks_seed >> 8;
}

/* In [-1, 1). */
static inline float random_float(void) { return (float)random_bits() / (1 << 23) - 1; }

static inline void check_near(float got, double expected, double tolerance, const char *what) {
    CHECK(fabs(got - expected) <= tolerance, "%s: %.9g, should be %.9g", what, got, expected);
}

/* Allocations of exactly the bytes that may be touched, so that the sanitizer sees any beyond. */
static inline void *allocate(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) {
        abort();
    }
    return memory;
}

static inline float *random_floats(int64_t count, float scale) {
    float *floats = allocate((size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        floats[i] = scale * random_float();
    }
    return floats;
}

static inline int checks_report(const char *name) {
    printf("%s: %d checks, %d failed\n", name, checks_done, checks_failed);
    return checks_failed ? 1 : 0;
}

#endif
