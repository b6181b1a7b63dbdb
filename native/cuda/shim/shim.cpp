// The fibers, warps and blocks of shim.h.
#include "../device.cuh"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

namespace shim {

dim3 thread, block, block_size, grid_size;
unsigned char *dynamic_shared;

namespace {

constexpr int warp_size = 32;
constexpr int max_idle_rounds = 1 << 20;
constexpr size_t exchange_bytes = 16;
constexpr size_t stack_bytes = 256 << 10;

[[noreturn]] void die(const char *what) {
  fprintf(stderr, "cuda shim: %s, in block %u,%u,%u\n", what, block.x, block.y, block.z);
  abort();
}

struct AsyncCopy {
  void *target;
  const void *source;
  bool valid;
};

enum class State { READY, AT_WARP, AT_BLOCK, ENDED };

struct Fiber {
  void *stack_pointer = nullptr;
  std::unique_ptr<unsigned char[]> stack;
  State state = State::READY;
  int turn = 0; // which page its next exchange uses
  std::vector<std::vector<AsyncCopy>> groups; // committed, oldest first
  std::vector<AsyncCopy> open;
};

// Two turns, so that a lane that is ahead by one exchange does not write what others still read.
struct Warp {
  alignas(16) unsigned char values[2][warp_size * exchange_bytes];
  uint32_t matrices[2][4 * 8 * 4];
  float a[2][16][16]; // operands of a matrix instruction
  float b[2][8][16];  // transposed
};

std::vector<Fiber> fibers;
std::vector<Warp> warps;
void *scheduler_pointer;
int current;
int active_count;
const std::function<void()> *kernel_body;

// Saves the callee's registers on this stack, leaves the stack's pointer in *from, goes on at to.
#if defined(__x86_64__)
extern "C" void shim_switch(void **from, void *to);
asm(R"(
.text
.globl shim_switch
shim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
constexpr int saved_words = 6;
#elif defined(__aarch64__)
extern "C" void shim_switch(void **from, void *to);
asm(R"(
.text
.globl shim_switch
shim_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");
#else
#error "the CUDA shim switches stacks on x86-64 and aarch64 only"
#endif

void place(int index) {
  current = index;
  thread.x = index % block_size.x;
  thread.y = index / block_size.x % block_size.y;
  thread.z = index / (block_size.x * block_size.y);
}

void pause(State state) {
  Fiber &fiber = fibers[current];
  fiber.state = state;
  shim_switch(&fiber.stack_pointer, scheduler_pointer);
}

void fiber_main() {
  (*kernel_body)();
  copy_wait(0);
  pause(State::ENDED);
  die("a thread that has ended was resumed");
}

void prepare(Fiber &fiber) {
  if (fiber.stack == nullptr) {
    fiber.stack.reset(new unsigned char[stack_bytes]);
  }
  fiber.state = State::READY;
  fiber.turn = 0;
  fiber.groups.clear();
  fiber.open.clear();
  void **top = (void **)(((uintptr_t)fiber.stack.get() + stack_bytes) & ~(uintptr_t)15);
#if defined(__x86_64__)
  *--top = nullptr; // the address that fiber_main would return to; keeps the stack aligned
  *--top = (void *)fiber_main;
  top -= saved_words;
#else
  top -= 20;
  top[11] = (void *)fiber_main; // x30
#endif
  fiber.stack_pointer = top;
}

// Lets a warp go on when all its lanes that have not ended wait for each other.
bool release_warp(int warp) {
  int from = warp * warp_size;
  int to = std::min(from + warp_size, active_count);
  bool any = false;
  for (int i = from; i < to; i++) {
    if (fibers[i].state == State::READY || fibers[i].state == State::AT_BLOCK) {
      return false;
    }
    any = any || fibers[i].state == State::AT_WARP;
  }
  for (int i = from; i < to; i++) {
    if (fibers[i].state == State::AT_WARP) {
      fibers[i].state = State::READY;
    }
  }
  return any;
}

void run_warp(int warp) {
  int from = warp * warp_size;
  int to = std::min(from + warp_size, active_count);
  do {
    for (int i = from; i < to; i++) {
      if (fibers[i].state == State::READY) {
        place(i);
        shim_switch(&scheduler_pointer, fibers[i].stack_pointer);
      }
    }
  } while (release_warp(warp));
}

void run_block() {
  int idle_rounds = 0;
  int warp_count = (active_count + warp_size - 1) / warp_size;
  for (;;) {
    for (int warp = 0; warp < warp_count; warp++) {
      run_warp(warp);
    }
    int count[4] = {};
    for (int i = 0; i < active_count; i++) {
      count[(int)fibers[i].state]++;
    }
    if (count[(int)State::ENDED] == active_count) {
      return;
    }
    if (count[(int)State::READY] > 0) {
      if (++idle_rounds > max_idle_rounds) {
        die("threads wait for a phase that does not end");
      }
      continue;
    }
    idle_rounds = 0;
    if (count[(int)State::AT_WARP] > 0) {
      die("a warp's lanes wait at different places");
    }
    for (int i = 0; i < active_count; i++) {
      if (fibers[i].state == State::AT_BLOCK) {
        fibers[i].state = State::READY;
      }
    }
  }
}

struct Known {
  Call call;
  Parameters parameters;
};

std::map<std::string, Known> &registry() {
  static std::map<std::string, Known> kernels;
  return kernels;
}

} // namespace

int lane() { return current % warp_size; }

void launch(dim3 grid, dim3 threads, size_t shared_bytes, const std::function<void()> &body) {
  grid_size = grid;
  block_size = threads;
  active_count = threads.x * threads.y * threads.z;
  kernel_body = &body;
  if ((int)fibers.size() < active_count) {
    fibers.resize(active_count);
    warps.resize((active_count + warp_size - 1) / warp_size);
  }
  unsigned char *shared = (unsigned char *)aligned_alloc(1024, (shared_bytes + 1023) / 1024 * 1024);
  dynamic_shared = shared;
  for (unsigned z = 0; z < grid.z; z++) {
    for (unsigned y = 0; y < grid.y; y++) {
      for (unsigned x = 0; x < grid.x; x++) {
        block = dim3{x, y, z};
        memset(shared, 0xff, shared_bytes);
        for (int i = 0; i < active_count; i++) {
          prepare(fibers[i]);
        }
        run_block();
      }
    }
  }
  free(shared);
  dynamic_shared = nullptr;
}

void yield() { pause(State::READY); }
void block_wait() { pause(State::AT_BLOCK); }
void warp_wait() { pause(State::AT_WARP); }

const void *exchange(const void *value, size_t bytes) {
  if (bytes > exchange_bytes) {
    die("an exchange of more than 16 bytes");
  }
  Fiber &fiber = fibers[current];
  unsigned char *page = warps[current / warp_size].values[fiber.turn];
  fiber.turn ^= 1;
  memcpy(page + lane() * bytes, value, bytes);
  warp_wait();
  return page;
}

const uint32_t *matrices(const void *row) {
  Fiber &fiber = fibers[current];
  uint32_t *page = warps[current / warp_size].matrices[fiber.turn];
  fiber.turn ^= 1;
  memcpy(page + lane() * 4, row, 16);
  warp_wait();
  return page;
}

void multiply(float *d, const uint32_t *a, uint32_t b0, uint32_t b1, float (*decode)(uint16_t)) {
  Warp &warp = warps[current / warp_size];
  Fiber &fiber = fibers[current];
  int turn = fiber.turn;
  fiber.turn ^= 1;
  float(&rows)[16][16] = warp.a[turn];
  float(&columns)[8][16] = warp.b[turn];
  int g = lane() / 4;
  int t = lane() % 4;
  for (int i = 0; i < 4; i++) {
    for (int half = 0; half < 2; half++) {
      rows[g + i % 2 * 8][2 * t + i / 2 * 8 + half] = decode((uint16_t)(a[i] >> 16 * half));
    }
  }
  for (int half = 0; half < 2; half++) {
    columns[g][2 * t + half] = decode((uint16_t)(b0 >> 16 * half));
    columns[g][2 * t + 8 + half] = decode((uint16_t)(b1 >> 16 * half));
  }
  warp_wait();
  for (int i = 0; i < 4; i++) {
    const float *row = rows[g + i / 2 * 8];
    const float *column = columns[2 * t + i % 2];
    float sum = 0;
    for (int k = 0; k < 16; k++) {
      sum += row[k] * column[k];
    }
    d[i] += sum;
  }
}

void copy_later(void *target, const void *source, bool valid) {
  fibers[current].open.push_back({target, source, valid});
}

void copy_commit() {
  Fiber &fiber = fibers[current];
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}

void copy_wait(int groups) {
  Fiber &fiber = fibers[current];
  while ((int)fiber.groups.size() > groups) {
    for (const AsyncCopy &copy : fiber.groups.front()) {
      if (copy.valid) {
        memcpy(copy.target, copy.source, 16);
      } else {
        memset(copy.target, 0, 16);
      }
    }
    fiber.groups.erase(fiber.groups.begin());
  }
}

Registration::Registration(const char *name, Call call, Parameters parameters) {
  registry()[name] = {std::move(call), std::move(parameters)};
}

Call find(const char *name) {
  auto found = registry().find(name);
  return found == registry().end() ? Call() : found->second.call;
}

const Parameters &parameters_of(const char *name) { return registry().at(name).parameters; }

float half_to_float(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
  uint32_t magnitude = bits & 0x7fff;
  if (magnitude < 0x0400) {
    float x = magnitude * 0x1p-24f;
    return sign ? -x : x;
  }
  uint32_t wide = magnitude >= 0x7c00 ? magnitude << 13 | 0x7f800000 : (magnitude << 13) + 0x38000000;
  wide |= sign;
  float x;
  memcpy(&x, &wide, 4);
  return x;
}

uint16_t float_to_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  float magnitude = fabsf(x);
  if (x != x) {
    return 0x7fff;
  }
  if (magnitude >= 65520.f) {
    return sign | 0x7c00;
  }
  if (magnitude < 0x1p-14f) {
    return sign | (uint16_t)lrintf(magnitude * 0x1p24f);
  }
  memcpy(&bits, &magnitude, 4);
  bits += 0xfff + (bits >> 13 & 1);
  return sign | (uint16_t)((bits - 0x38000000) >> 13);
}

float f8_to_float(uint8_t bits) {
  int exponent = bits >> 3 & 15;
  int mantissa = bits & 7;
  if ((bits & 0x7f) == 0x7f) {
    return NAN;
  }
  float x = exponent == 0 ? ldexpf(mantissa, -9) : ldexpf(8 + mantissa, exponent - 10);
  return bits & 0x80 ? -x : x;
}

uint8_t float_to_f8(float x) {
  uint8_t sign = std::signbit(x) ? 0x80 : 0;
  float magnitude = fminf(fabsf(x), 448.f);
  if (x != x) {
    return 0x7f;
  }
  if (magnitude < 0x1p-6f) {
    return sign | (uint8_t)lrintf(magnitude * 0x1p9f);
  }
  int exponent;
  float fraction = frexpf(magnitude, &exponent); // [0.5, 1)
  int mantissa = (int)lrintf(fraction * 16);     // 8 to 16
  if (mantissa == 16) {
    mantissa = 8;
    exponent++;
  }
  int code = (exponent + 6) * 8 + (mantissa - 8);
  return sign | (uint8_t)std::min(code, 0x7e);
}

} // namespace shim
