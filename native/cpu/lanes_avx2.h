/* AVX2, FMA and F16C. Names and meanings are those every lanes_*.h has: see lanes_avx512.h. */
#include <immintrin.h>

#define LANES 8
typedef __m256 floats;
typedef __m256i ints;

/* Signed codes stay signed: plus 128 their products with x would overflow 16 bits. */
#define SIGNED_CODE_OFFSET_BITS 0

#define TILE_GROUPS 2
#define TILE_ROWS 4

/* There are no registers for the codes of two groups. */
#define LARGEST_DIRECT_ROWS 4
#define ONE_GROUP_ROWS 4

#define FLOAT_TILE_GROUPS 2
#define FLOAT_TILE_ROWS 6

INLINE floats floats_all(float value) { return _mm256_set1_ps(value); }
INLINE floats floats_load(const float *source) { return _mm256_loadu_ps(source); }
INLINE void floats_store(float *target, floats a) { _mm256_storeu_ps(target, a); }

INLINE ints ints_first(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE floats floats_load_first(const float *source, int count) {
    return count == LANES ? floats_load(source) : _mm256_maskload_ps(source, ints_first(count));
}

/* Some processors take a masked store apart, however many elements it has. */
INLINE void floats_store_first(float *target, floats a, int count) {
    if (count == LANES) {
        floats_store(target, a);
    } else {
        _mm256_maskstore_ps(target, ints_first(count), a);
    }
}

INLINE floats floats_of_halves(const void *source) {
    return _mm256_cvtph_ps(_mm_loadu_si128(source));
}

INLINE floats floats_of_bf16(const void *source) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(source)), 16));
}

INLINE floats floats_of_ints(ints a) { return _mm256_cvtepi32_ps(a); }
INLINE floats floats_add(floats a, floats b) { return _mm256_add_ps(a, b); }
INLINE floats floats_mul(floats a, floats b) { return _mm256_mul_ps(a, b); }
INLINE floats floats_fma(floats a, floats b, floats c) { return _mm256_fmadd_ps(a, b, c); }
INLINE floats floats_fms(floats a, floats b, floats c) { return _mm256_fmsub_ps(a, b, c); }
INLINE floats floats_fnma(floats a, floats b, floats c) { return _mm256_fnmadd_ps(a, b, c); }

INLINE floats floats_sub(floats a, floats b) { return _mm256_sub_ps(a, b); }
INLINE floats floats_div(floats a, floats b) { return _mm256_div_ps(a, b); }
INLINE floats floats_max(floats a, floats b) { return _mm256_max_ps(a, b); }
INLINE floats floats_min(floats a, floats b) { return _mm256_min_ps(a, b); }
INLINE float floats_largest(floats a) {
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}
INLINE floats floats_of_bits(ints a) { return _mm256_castsi256_ps(a); }
INLINE void floats_store_halves(void *target, floats a) {
    _mm_storeu_si128(target, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

INLINE ints ints_zero(void) { return _mm256_setzero_si256(); }
INLINE ints ints_all(int32_t value) { return _mm256_set1_epi32(value); }
INLINE ints ints_load(const void *source) { return _mm256_loadu_si256(source); }
INLINE void ints_store(void *target, ints a) { _mm256_storeu_si256(target, a); }
INLINE ints ints_of_s8(const void *source) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64(source));
}
INLINE ints ints_of_u8(const void *source) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(source));
}
INLINE ints ints_add(ints a, ints b) { return _mm256_add_epi32(a, b); }
INLINE ints ints_sub(ints a, ints b) { return _mm256_sub_epi32(a, b); }
INLINE ints ints_max(ints a, ints b) { return _mm256_max_epi32(a, b); }
INLINE ints ints_and(ints a, ints b) { return _mm256_and_si256(a, b); }
INLINE ints ints_or(ints a, ints b) { return _mm256_or_si256(a, b); }
INLINE ints ints_shift_left(ints a, int bits) { return _mm256_slli_epi32(a, bits); }
INLINE ints ints_shift_right(ints a, int bits) { return _mm256_srli_epi32(a, bits); }
INLINE ints ints_bits(floats a) { return _mm256_castps_si256(a); }

INLINE int32_t ints_largest(ints a) {
    __m128i b = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    b = _mm_max_epi32(b, _mm_shuffle_epi32(b, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(b, _mm_shuffle_epi32(b, 0xb1)));
}

INLINE int32_t ints_sum(ints a) {
    __m128i b = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    b = _mm_add_epi32(b, _mm_shuffle_epi32(b, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(b, _mm_shuffle_epi32(b, 0xb1)));
}

INLINE ints ints_round(floats a) { return _mm256_cvtps_epi32(a); }

INLINE void ints_store_s8(int8_t *target, ints a) {
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64((void *)target, _mm_packs_epi16(words, words));
}

INLINE ints ints_all_bytes(const int8_t *source) {
    int32_t four;
    memcpy(&four, source, sizeof four);
    return _mm256_set1_epi32(four);
}

typedef struct {
    ints sum;
    ints pairs; /* sums of 16 bits */
} dot_sum;

INLINE dot_sum dot_begin(ints start) { return (dot_sum){start, ints_zero()}; }

/*
 * Products are added up in 16 bits for as many columns as cannot overflow there: a pair is at most
 * 2 * (2^bits - 1) * 127, so 4-bit codes allow 8 pairs, 5-bit codes 4, 6-bit codes 2. Eight bits
 * mean signed codes: their magnitudes by x with their signs, one pair (128 * 127 * 2 < 2^15).
 *
 * The empty statements keep the additions in this order: a compiler that makes trees of them needs
 * a register per product, and there are 16.
 */
INLINE void dot_add(dot_sum *dot, ints codes, ints columns, int step, int count, int bits) {
    const int run = bits >= 8 ? 1 : bits >= 6 ? 2 : bits == 5 ? 4 : 8;
    ints product = bits >= 8 ? _mm256_maddubs_epi16(_mm256_abs_epi8(codes),
                                                    _mm256_sign_epi8(columns, codes))
                             : _mm256_maddubs_epi16(codes, columns);
    dot->pairs = step % run == 0 ? product : _mm256_add_epi16(dot->pairs, product);
    __asm__("" : "+x"(dot->pairs));
    if (step % run == run - 1 || step == count - 1) {
        ints sums = _mm256_madd_epi16(dot->pairs, _mm256_set1_epi16(1));
        dot->sum = _mm256_add_epi32(dot->sum, sums);
        __asm__("" : "+x"(dot->sum));
    }
}
