/* NEON with dot products (ARMv8.2). Names and meanings are those every lanes_*.h has: see
 * lanes_avx512.h. */
#include <arm_neon.h>

#define LANES 4
typedef float32x4_t floats;
typedef int32x4_t ints;

/* The byte product is signed by signed. */
#define SIGNED_CODE_OFFSET_BITS 0

#define TILE_GROUPS 2
#define TILE_ROWS 4
#define LARGEST_DIRECT_ROWS 8
#define ONE_GROUP_ROWS 1
#define FLOAT_TILE_GROUPS 4
#define FLOAT_TILE_ROWS 6

INLINE floats floats_all(float value) { return vdupq_n_f32(value); }
INLINE floats floats_load(const float *source) { return vld1q_f32(source); }
INLINE void floats_store(float *target, floats a) { vst1q_f32(target, a); }

INLINE floats floats_load_first(const float *source, int count) {
    float elements[LANES] = {0};
    memcpy(elements, source, (size_t)count * sizeof(float));
    return vld1q_f32(elements);
}

INLINE void floats_store_first(float *target, floats a, int count) {
    float elements[LANES];
    vst1q_f32(elements, a);
    memcpy(target, elements, (size_t)count * sizeof(float));
}

INLINE uint16x4_t words_load(const void *source) {
    uint16x4_t words;
    memcpy(&words, source, sizeof words);
    return words;
}

INLINE floats floats_of_halves(const void *source) {
    return vcvt_f32_f16(vreinterpret_f16_u16(words_load(source)));
}

INLINE floats floats_of_bf16(const void *source) {
    return vreinterpretq_f32_u32(vshll_n_u16(words_load(source), 16));
}

INLINE floats floats_of_ints(ints a) { return vcvtq_f32_s32(a); }
INLINE floats floats_add(floats a, floats b) { return vaddq_f32(a, b); }
INLINE floats floats_mul(floats a, floats b) { return vmulq_f32(a, b); }
INLINE floats floats_fma(floats a, floats b, floats c) { return vfmaq_f32(c, a, b); }
INLINE floats floats_fms(floats a, floats b, floats c) { return vfmaq_f32(vnegq_f32(c), a, b); }
INLINE floats floats_fnma(floats a, floats b, floats c) { return vfmsq_f32(c, a, b); }

INLINE floats floats_sub(floats a, floats b) { return vsubq_f32(a, b); }
INLINE floats floats_div(floats a, floats b) { return vdivq_f32(a, b); }
INLINE floats floats_max(floats a, floats b) { return vmaxq_f32(a, b); }
INLINE floats floats_min(floats a, floats b) { return vminq_f32(a, b); }
INLINE float floats_largest(floats a) { return vmaxvq_f32(a); }
INLINE floats floats_of_bits(ints a) { return vreinterpretq_f32_s32(a); }
INLINE void floats_store_halves(void *target, floats a) {
    float16x4_t halves = vcvt_f16_f32(a);
    memcpy(target, &halves, sizeof halves);
}

INLINE ints ints_zero(void) { return vdupq_n_s32(0); }
INLINE ints ints_all(int32_t value) { return vdupq_n_s32(value); }
INLINE ints ints_load(const void *source) { return vreinterpretq_s32_u8(vld1q_u8(source)); }
INLINE void ints_store(void *target, ints a) { vst1q_u8(target, vreinterpretq_u8_s32(a)); }

INLINE ints ints_of_s8(const void *source) {
    int32_t four;
    memcpy(&four, source, sizeof four);
    return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)))));
}

INLINE ints ints_of_u8(const void *source) {
    return vandq_s32(ints_of_s8(source), vdupq_n_s32(255));
}

INLINE ints ints_add(ints a, ints b) { return vaddq_s32(a, b); }
INLINE ints ints_sub(ints a, ints b) { return vsubq_s32(a, b); }
INLINE ints ints_max(ints a, ints b) { return vmaxq_s32(a, b); }
INLINE ints ints_and(ints a, ints b) { return vandq_s32(a, b); }
INLINE ints ints_or(ints a, ints b) { return vorrq_s32(a, b); }
INLINE ints ints_shift_left(ints a, int bits) { return vshlq_s32(a, vdupq_n_s32(bits)); }
INLINE ints ints_shift_right(ints a, int bits) {
    return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(a), vdupq_n_s32(-bits)));
}
INLINE ints ints_bits(floats a) { return vreinterpretq_s32_f32(a); }
INLINE int32_t ints_largest(ints a) { return vmaxvq_s32(a); }
INLINE int32_t ints_sum(ints a) { return vaddvq_s32(a); }
INLINE ints ints_round(floats a) { return vcvtnq_s32_f32(a); }

INLINE void ints_store_s8(int8_t *target, ints a) {
    int16x4_t words = vmovn_s32(a);
    vst1_lane_s32((void *)target, vreinterpret_s32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
}

INLINE ints ints_all_bytes(const int8_t *source) {
    int32_t four;
    memcpy(&four, source, sizeof four);
    return vdupq_n_s32(four);
}

typedef struct {
    ints sum;
} dot_sum;

INLINE dot_sum dot_begin(ints start) { return (dot_sum){start}; }

INLINE void dot_add(dot_sum *dot, ints codes, ints columns, int step, int count, int bits) {
    (void)step, (void)count, (void)bits;
    dot->sum = vdotq_s32(dot->sum, vreinterpretq_s8_s32(codes), vreinterpretq_s8_s32(columns));
}
