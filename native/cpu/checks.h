/* What the tests of the kernels share: counted checks, and numbers that every run has. */
#ifndef FULLBORE_CHECKS_H
#define FULLBORE_CHECKS_H

#include <stdint.h>
#include <stdio.h>

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

static inline int checks_report(const char *name) {
    printf("%s: %d checks, %d failed\n", name, checks_done, checks_failed);
    return checks_failed ? 1 : 0;
}

#endif
