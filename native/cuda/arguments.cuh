// What the host writes for kernels and reads from them, beside the step itself (kernels.cuh). Java
// knows these by their offsets.
#pragma once

#include <stdint.h>

// --- Products -------------------------------------------------------------------------------

// What becomes of a sum:
//   STORE    out [row][stride] = sum (+ bias)
//   ADD      out [row][stride] += sum (+ bias)
//   SWIGLU   each tile's first 8 rows are a gate's, the others the same rows of another matrix:
//            operand [row][8 tile + i] = silu(gate) * up, rounded to the weights' kind
enum { FB_STORE = 0, FB_ADD = 1, FB_SWIGLU = 2 };

struct LinearOut {
  float *out;
  const float *bias; // [out], or null
  void *operand;     // of SWIGLU
  int mode;
  int stride; // floats from row to row of out, or columns of operand
};

struct LinearIn {
  const uint8_t *weights; // [row tile][unit]
  const void *operand;    // [row / 8][column / 8][8][8]
  int out_rows;           // of the weights, without padding
  int chunks;             // of 64 columns
};

// --- Attention ------------------------------------------------------------------------------

// A piece of work, from the host.
struct AttendItem {
  int row;
  int row_count; // prefill: 1 to 64 consecutive rows, at consecutive positions of one sequence
  int from;      // decode: the positions [from, to) of the row's sequence
  int to;
  int partial; // decode: which partial to write; below 0: the row's final result
};

// --- Choices --------------------------------------------------------------------------------

// Likeliest tokens that are reported.
#define FB_TOP_LIMIT 20

// What to do with a logit row; the host writes it. 56 bytes.
struct Choice {
  int mode;          //  0: NOTHING, CHOOSE or SCORE
  float temperature; //  4: 0 is greedy
  int top_k;         //  8: 0 keeps all
  float top_p;       // 12: 1 keeps all
  float min_p;       // 16: 0 keeps all
  int draw_index;    // 20: the token's place in the answer
  uint64_t seed;     // 24
  int scored_token;  // 32: of SCORE
  int top_count;     // 36: -1 no log-probabilities, 0 the token's own, to 20 the likeliest too
  int edits;         // 40: index of the row's first edit; no two rows share one
  int edit_count;    // 44: each token at most once
  int mask;          // 48: index of the row's mask, -1 for none
  int reserved;      // 52
};

// logit += bias; then logit = logit > 0 ? logit / repetition : logit * repetition; then
// logit -= subtract. Afterwards bias holds the logit as it came. 16 bytes.
struct Edit {
  int token;        //  0
  float bias;       //  4
  float repetition; //  8
  float subtract;   // 12
};

// What came of a row. 168 bytes.
struct Chosen {
  int token;     // 0: -1 where a logit is NaN or the maximum isn't finite
  float logprob; // 4: written where top_count >= 0
  // The first top_count are written, with -1 where there are fewer.
  int top_tokens[FB_TOP_LIMIT];     // 8
  float top_logprobs[FB_TOP_LIMIT]; // 88: natural logarithms, before edits and mask
};

static_assert(sizeof(Choice) == 56 && sizeof(Edit) == 16 && sizeof(Chosen) == 168,
              "the host writes and reads these");
