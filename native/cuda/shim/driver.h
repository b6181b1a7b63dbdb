// What a driver without a GPU knows and does, behind the functions of driver.cpp and streams.cpp. It
// is stricter than a real one.
//
// Work happens as late as it may: a stream's work waits until someone synchronizes with it, and
// then only that stream's runs, and of other streams what it was told to wait for. So memory that
// is reused too early, or a wait that is missing, shows as a wrong result. New memory holds 0xff
// bytes, and what follows a piece of memory is watched for writes.
#pragma once

#include "../device.cuh"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace driver {

// CUresult.
enum Result {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_UNMATCHED = 903,
  CAPTURE_ISOLATION = 905,
  CAPTURED_EVENT = 907,
};

constexpr unsigned event_without_time = 2; // CU_EVENT_DISABLE_TIMING
constexpr int max_dynamic_shared = 8;      // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr int default_shared_bytes = 48 << 10;
constexpr unsigned max_threads = 1024;
constexpr size_t memory_unit = 256;
#ifdef __SANITIZE_ADDRESS__
constexpr size_t watched_bytes = 0; // the sanitizer watches
#else
constexpr size_t watched_bytes = 256;
#endif
constexpr unsigned char watched_value = 0xa5;

// --- State ----------------------------------------------------------------------------------

using Work = std::function<void()>;

// Work that streams take down instead of doing it.
struct Capture {
  std::vector<Work> works;
  bool valid = true;
};

struct Stream {
  std::deque<Work> queue;
  long long issued = 0;
  long long done = 0; // of those issued
  std::shared_ptr<Capture> capture;
};

struct Event {
  bool timed;
  std::shared_ptr<Stream> stream; // that it was recorded in, or null
  long long position = 0;         // how much of the stream is before it
  double time_ms = 0;
  std::shared_ptr<Capture> capture; // that it was recorded in, or null
};

struct Graph {
  std::vector<Work> works;
};

struct Module;
struct Function {
  Module *module;
  std::string name;
  shim::Call call;
  shim::Parameters parameters;
  int allowed_shared_bytes = default_shared_bytes;
};

struct Module {
  std::map<std::string, std::unique_ptr<Function>> functions;
};

struct Fault {
  long long calls; // until it happens
  int result;
};

inline std::recursive_mutex mutex;
inline std::map<uintptr_t, size_t> device_memory; // bytes by address
inline std::map<uintptr_t, size_t> pinned_memory;
inline std::map<Stream *, std::shared_ptr<Stream>> streams;
inline std::set<Event *> events;
inline std::set<Graph *> graphs;
inline std::set<Graph *> executables;
inline std::set<Module *> modules;
inline std::set<Function *> functions;
inline bool initialized;
inline int retained;
inline long long context_number; // grows with every new primary context
inline thread_local long long current_context;
inline int lost; // what all calls return since the device was lost
inline double clock_ms;
inline std::map<std::string, Fault> faults; // by function, or * for all
inline long long launches_until_loss = -1;
inline int loss;
inline std::string skipped_kernel; // does nothing when it runs
inline std::map<std::string, long long> call_counts;
inline long long launch_count, copied_bytes, leaked_count;

inline const std::map<std::string, long long> default_settings = {
    {"version", 12060}, {"devices", 1},  {"totalBytes", 4LL << 30}, {"major", 8},
    {"minor", 0},       {"units", 108},  {"l2Bytes", 40 << 20},     {"maxSharedBytes", 166912},
};
inline std::map<std::string, long long> settings = default_settings;

// What a call of this function returns at once, or SUCCESS.
inline int enter(const char *function) {
  call_counts[function]++;
  for (const char *key : {function, "*"}) {
    auto fault = faults.find(key);
    if (fault != faults.end() && --fault->second.calls == 0) {
      int result = fault->second.result;
      faults.erase(fault);
      return result;
    }
  }
  return lost;
}

inline bool has_context() { return retained > 0 && current_context == context_number; }

// Begins a function that has no effect when it fails.
#define ENTER(function)                                                                            \
  std::lock_guard<std::recursive_mutex> lock(mutex);                                               \
  if (int result = enter(function)) {                                                              \
    return result;                                                                                 \
  }
#define ENTER_CONTEXT(function)                                                                    \
  ENTER(function);                                                                                 \
  if (!has_context()) {                                                                            \
    return INVALID_CONTEXT;                                                                        \
  }
// Begins a function that frees: as in the real driver it does so even when it reports an error.
#define ENTER_FREE(function)                                                                       \
  std::lock_guard<std::recursive_mutex> lock(mutex);                                               \
  int result = enter(function)

// --- Memory ---------------------------------------------------------------------------------

inline long long used_bytes() {
  long long used = 0;
  for (const auto &piece : device_memory) {
    used += (piece.second + memory_unit - 1) / memory_unit * memory_unit;
  }
  return used;
}

inline void *new_memory(size_t bytes) {
  void *memory = nullptr;
  if (posix_memalign(&memory, memory_unit, bytes + watched_bytes) != 0) {
    return nullptr;
  }
  memset(memory, 0xff, bytes);
  memset((unsigned char *)memory + bytes, watched_value, watched_bytes);
  return memory;
}

// Whether [address, address + bytes) lies in one piece of device memory.
inline bool in_device(uintptr_t address, size_t bytes) {
  auto next = device_memory.upper_bound(address);
  if (next == device_memory.begin()) {
    return false;
  }
  auto piece = std::prev(next);
  size_t offset = address - piece->first;
  return offset <= piece->second && bytes <= piece->second - offset;
}

inline void check_watched(const std::string &kernel) {
  for (const auto &piece : device_memory) {
    const unsigned char *after = (const unsigned char *)piece.first + piece.second;
    for (size_t i = 0; i < watched_bytes; i++) {
      if (after[i] != watched_value) {
        fprintf(stderr, "cuda shim: %s wrote past the end of %zu bytes, at +%zu\n", kernel.c_str(),
                piece.second, i);
        lost = ILLEGAL_ADDRESS;
        return;
      }
    }
  }
}

// --- Streams --------------------------------------------------------------------------------

inline void run_one(Stream &stream) {
  Work work = std::move(stream.queue.front());
  stream.queue.pop_front();
  stream.done++;
  if (lost == SUCCESS) {
    work();
  }
}

inline void run_until(Stream &stream, long long position) {
  while (stream.done < position) {
    run_one(stream);
  }
}

inline void run_all() {
  for (auto &stream : streams) {
    run_until(*stream.second, stream.second->issued);
  }
}

inline void append(Stream &stream, Work work) {
  if (stream.capture != nullptr) {
    stream.capture->works.push_back(std::move(work));
  } else {
    stream.queue.push_back(std::move(work));
    stream.issued++;
  }
}

inline bool is_capturing() {
  for (auto &stream : streams) {
    if (stream.second->capture != nullptr) {
      return true;
    }
  }
  return false;
}

// What a call returns that must not happen during a capture, which it spoils.
inline int spoil(Stream &stream) {
  stream.capture->valid = false;
  return CAPTURE_UNSUPPORTED;
}

inline int copy(Stream *stream, void *target, const void *source, size_t bytes) {
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  append(*stream, [=] {
    memmove(target, source, bytes);
    copied_bytes += bytes;
    clock_ms++;
  });
  return SUCCESS;
}

} // namespace driver
