// What all kernels agree on: the step, the layouts of operands and of the KV cache.
//
// Shapes are written [outer]...[inner]. A step has rows, one per token, of several sequences; the
// host copies its description to the device once, before the first kernel. A grid is made for a
// number of rows or items rounded up, so that few grids cover all steps; what lies beyond the
// step's own counts ends at once.
#pragma once

#include "arguments.cuh"
#include "device.cuh"

// How many there are of what; the first thing that every kernel reads.
struct StepCounts {
  int rows;
  int logit_rows;
  int decode_items;
  int prefill_items;
};

struct StepView {
  const StepCounts *counts;
  const int *tokens;     // [row]; below 0: what logit row -1 - token of the step before chose
  const int *positions;  // [row]
  const int *tables;     // [row], index in blocks of the first block of the row's sequence
  const int *blocks;     // block numbers, the tables of all sequences one after another
  const int *logit_rows; // [logit row], its row
};

// One layer of the paged KV cache. A block holds 2^block_shift positions of all layers:
//
//   pool     [block][layer][keys, values][kv head][slot][head_stride]
//
// Position p of a sequence lies in block blocks[table + (p >> block_shift)], slot
// p & (2^block_shift - 1). Elements are of the operands' kind, or F8. head_stride is the head's
// size rounded up to one that kernels exist for; what lies between is 0.
struct KvView {
  uint8_t *pool;
  long long block_bytes;
  long long layer_bytes; // offset of the layer's keys in a block
  long long value_bytes; // offset of values from keys
  int block_shift;
  int kv_heads;
};

// Bytes from the pool's start to the keys of one slot.
template <typename Cache>
FB_DEVICE long long kv_offset(const KvView &kv, int block, int head, int slot, int head_stride) {
  return block * kv.block_bytes + kv.layer_bytes +
         (((long long)head << kv.block_shift) + slot) * head_stride * (long long)sizeof(Cache);
}

// Where a matrix's operand [row][column] lies: 8 rows by 8 columns together, so that 128 bytes are
// what one matrix instruction takes, whether from registers or from shared memory.
//
//   operand  [row / 8][column / 8][row % 8][column % 8], 16 bits each
//
// columns is a multiple of 64, and columns that no weight reads hold 0.
FB_DEVICE long long operand_index(int row, int column, int columns) {
  return (((long long)(row / 8) * (columns / 8) + column / 8) * 8 + row % 8) * 8 + column % 8;
}
