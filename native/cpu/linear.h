/*
 * What the formats' files give linear.c: per format, how one row of a GGUF matrix is laid into its
 * group, and how groups are multiplied.
 */
#ifndef FULLBORE_LINEAR_H
#define FULLBORE_LINEAR_H

#include "kernels.h"

/* Lays one row of `columns` weights into lane `lane` of a group that starts out as zeros. */
typedef void pack_row(const uint8_t *row, int columns, int lane, uint8_t *group);

/* As fb_linear; group_bytes is the distance between groups. */
typedef void multiply(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                      int row_count, float *target, int from, int to);

pack_row pack_f32, pack_f16, pack_bf16;
multiply linear_f32, linear_f16, linear_bf16;
pack_row pack_q8_0, pack_q4_0, pack_q4_1, pack_q5_0, pack_q5_1;
multiply linear_q8_0, linear_q4_0, linear_q4_1, linear_q5_0, linear_q5_1;
pack_row pack_q2_k, pack_q3_k, pack_q4_k, pack_q5_k, pack_q6_k;
multiply linear_q2_k, linear_q3_k, linear_q4_k, linear_q5_k, linear_q6_k;

#endif
