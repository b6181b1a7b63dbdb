/* Which library of kernels this machine can run; compiled for any processor of its family. */
#include <stdint.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#define HWCAP_HALF_ARITHMETIC (1UL << 10) /* HWCAP_ASIMDHP */
#define HWCAP_DOT_PRODUCT (1UL << 20)     /* HWCAP_ASIMDDP */
#endif

/* 0: none; on x86-64 1: AVX2, FMA and F16C, 2: AVX-512 F, BW, VL, DQ and VNNI, 3: BF16 too; on ARM
 * 1: NEON with half precision and dot products. The compiler's test covers the operating system's
 * support for the registers too. */
__attribute__((visibility("default"))) int32_t fb_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("f16c");
    int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vnni");
    int bf16 = __builtin_cpu_supports("avx512bf16") != 0;
    return avx2 ? avx512 ? 2 + bf16 : 1 : 0;
#elif defined(__aarch64__)
    unsigned long has = getauxval(AT_HWCAP);
    return (has & HWCAP_HALF_ARITHMETIC) && (has & HWCAP_DOT_PRODUCT);
#else
    return 0;
#endif
}
