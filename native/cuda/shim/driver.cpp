// A CUDA driver without a GPU: the functions that the server uses of libcuda.so.1, over the kernels
// that shim.h runs on a processor. It is stricter than a real one.
//
// Work happens as late as it may: a stream's work waits until someone synchronizes with it, and
// then only that stream's runs, and of other streams what it was told to wait for. So memory that
// is reused too early, or a wait that is missing, shows as a wrong result. New memory holds 0xff
// bytes, and what follows a piece of memory is watched for writes.
//
// The tests direct it with the functions at the end, fake_*.
#include "../device.cuh"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace {

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

std::recursive_mutex mutex;
std::map<uintptr_t, size_t> device_memory; // bytes by address
std::map<uintptr_t, size_t> pinned_memory;
std::map<Stream *, std::shared_ptr<Stream>> streams;
std::set<Event *> events;
std::set<Graph *> graphs;
std::set<Graph *> executables;
std::set<Module *> modules;
std::set<Function *> functions;
bool initialized;
int retained;
long long context_number; // grows with every new primary context
thread_local long long current_context;
int lost; // what all calls return since the device was lost
double clock_ms;
std::map<std::string, Fault> faults; // by function, or * for all
long long launches_until_loss = -1;
int loss;
std::map<std::string, long long> call_counts;
long long launch_count, copied_bytes, leaked_count;

const std::map<std::string, long long> default_settings = {
    {"version", 12060}, {"devices", 1},  {"totalBytes", 4LL << 30}, {"major", 8},
    {"minor", 0},       {"units", 108},  {"l2Bytes", 40 << 20},     {"maxSharedBytes", 166912},
};
std::map<std::string, long long> settings = default_settings;

// What a call of this function returns at once, or SUCCESS.
int enter(const char *function) {
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

bool has_context() { return retained > 0 && current_context == context_number; }

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

long long used_bytes() {
  long long used = 0;
  for (const auto &piece : device_memory) {
    used += (piece.second + memory_unit - 1) / memory_unit * memory_unit;
  }
  return used;
}

void *new_memory(size_t bytes) {
  void *memory = nullptr;
  if (posix_memalign(&memory, memory_unit, bytes + watched_bytes) != 0) {
    return nullptr;
  }
  memset(memory, 0xff, bytes);
  memset((unsigned char *)memory + bytes, watched_value, watched_bytes);
  return memory;
}

// Whether [address, address + bytes) lies in one piece of device memory.
bool in_device(uintptr_t address, size_t bytes) {
  auto next = device_memory.upper_bound(address);
  if (next == device_memory.begin()) {
    return false;
  }
  auto piece = std::prev(next);
  size_t offset = address - piece->first;
  return offset <= piece->second && bytes <= piece->second - offset;
}

void check_watched(const std::string &kernel) {
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

void run_one(Stream &stream) {
  Work work = std::move(stream.queue.front());
  stream.queue.pop_front();
  stream.done++;
  if (lost == SUCCESS) {
    work();
  }
}

void run_until(Stream &stream, long long position) {
  while (stream.done < position) {
    run_one(stream);
  }
}

void run_all() {
  for (auto &stream : streams) {
    run_until(*stream.second, stream.second->issued);
  }
}

void append(Stream &stream, Work work) {
  if (stream.capture != nullptr) {
    stream.capture->works.push_back(std::move(work));
  } else {
    stream.queue.push_back(std::move(work));
    stream.issued++;
  }
}

bool is_capturing() {
  for (auto &stream : streams) {
    if (stream.second->capture != nullptr) {
      return true;
    }
  }
  return false;
}

// What a call returns that must not happen during a capture, which it spoils.
int spoil(Stream &stream) {
  stream.capture->valid = false;
  return CAPTURE_UNSUPPORTED;
}

int copy(Stream *stream, void *target, const void *source, size_t bytes) {
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

// --- Kernels --------------------------------------------------------------------------------

struct Arguments {
  struct alignas(16) Unit {
    unsigned char bytes[16];
  };
  std::vector<std::vector<Unit>> values;
  std::vector<void *> addresses;

  Arguments(const shim::Parameters &parameters, void **given) {
    for (size_t i = 0; i < parameters.size(); i++) {
      values.emplace_back((parameters[i].bytes + sizeof(Unit) - 1) / sizeof(Unit));
      memcpy(values.back().data(), given[i], parameters[i].bytes);
      addresses.push_back(values.back().data());
    }
  }
};

void run_kernel(const std::string &name, const shim::Call &call, dim3 grid, dim3 block,
                size_t shared_bytes, Arguments &arguments) {
  launch_count++;
  clock_ms++;
  if (launches_until_loss > 0 && --launches_until_loss == 0) {
    lost = loss;
    return;
  }
  shim::launch(grid, block, shared_bytes, [&] { call(arguments.addresses.data()); });
  check_watched(name);
}

} // namespace

extern "C" {

// --- Devices and contexts -------------------------------------------------------------------

int cuDriverGetVersion(int *version) {
  ENTER("cuDriverGetVersion");
  *version = (int)settings["version"];
  return SUCCESS;
}

int cuInit(unsigned) {
  ENTER("cuInit");
  initialized = settings["devices"] > 0;
  return initialized ? SUCCESS : NO_DEVICE;
}

int cuDeviceGetCount(int *count) {
  ENTER("cuDeviceGetCount");
  *count = (int)settings["devices"];
  return initialized ? SUCCESS : NOT_INITIALIZED;
}

int cuDeviceGet(int *device, int ordinal) {
  ENTER("cuDeviceGet");
  *device = ordinal;
  return ordinal >= 0 && ordinal < settings["devices"] ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int bytes, int device) {
  ENTER("cuDeviceGetName");
  snprintf(name, bytes, "Fake GPU %d", device);
  return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int) {
  ENTER("cuDeviceGetAttribute");
  static const std::map<int, const char *> names = {{16, "units"},
                                                    {38, "l2Bytes"},
                                                    {75, "major"},
                                                    {76, "minor"},
                                                    {97, "maxSharedBytes"}};
  auto name = names.find(attribute);
  if (name == names.end()) {
    return INVALID_VALUE;
  }
  *value = (int)settings[name->second];
  return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int) {
  ENTER("cuDeviceTotalMem_v2");
  *bytes = settings["totalBytes"];
  return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int) {
  ENTER("cuDevicePrimaryCtxRetain");
  if (retained++ == 0) {
    context_number++;
  }
  *context = (void *)context_number;
  return SUCCESS;
}

// The last release frees all that the context has, and ends its errors.
int cuDevicePrimaryCtxRelease_v2(int) {
  ENTER_FREE("cuDevicePrimaryCtxRelease_v2");
  if (retained == 0) {
    return INVALID_CONTEXT;
  }
  if (--retained > 0) {
    return result;
  }
  leaked_count += device_memory.size() + pinned_memory.size() + streams.size() + events.size() +
                  graphs.size() + executables.size() + modules.size();
  for (auto &piece : device_memory) {
    free((void *)piece.first);
  }
  for (auto &piece : pinned_memory) {
    free((void *)piece.first);
  }
  for (Event *event : events) {
    delete event;
  }
  for (Graph *graph : graphs) {
    delete graph;
  }
  for (Graph *graph : executables) {
    delete graph;
  }
  for (Module *module : modules) {
    delete module;
  }
  device_memory.clear();
  pinned_memory.clear();
  streams.clear();
  events.clear();
  graphs.clear();
  executables.clear();
  modules.clear();
  functions.clear();
  bool injected = result != lost;
  lost = SUCCESS;
  return injected ? result : SUCCESS;
}

int cuCtxSetCurrent(void *context) {
  ENTER("cuCtxSetCurrent");
  if (retained == 0 || (long long)context != context_number) {
    return INVALID_CONTEXT;
  }
  current_context = context_number;
  return SUCCESS;
}

// --- Memory ---------------------------------------------------------------------------------

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes) {
  ENTER_CONTEXT("cuMemGetInfo_v2");
  *total_bytes = settings["totalBytes"];
  *free_bytes = settings["totalBytes"] - used_bytes();
  return SUCCESS;
}

int cuMemAlloc_v2(uintptr_t *address, size_t bytes) {
  ENTER_CONTEXT("cuMemAlloc_v2");
  if (bytes == 0) {
    return INVALID_VALUE;
  }
  if (is_capturing()) {
    return CAPTURE_UNSUPPORTED;
  }
  long long free_bytes = settings["totalBytes"] - used_bytes();
  void *memory = (long long)bytes <= free_bytes ? new_memory(bytes) : nullptr;
  if (memory == nullptr) {
    return OUT_OF_MEMORY;
  }
  *address = (uintptr_t)memory;
  device_memory[*address] = bytes;
  return SUCCESS;
}

int cuMemFree_v2(uintptr_t address) {
  ENTER_FREE("cuMemFree_v2");
  if (device_memory.count(address) == 0) {
    return INVALID_VALUE;
  }
  run_all();
  device_memory.erase(address);
  free((void *)address);
  return result != SUCCESS ? result : lost;
}

int cuMemHostAlloc(void **address, size_t bytes, unsigned) {
  ENTER_CONTEXT("cuMemHostAlloc");
  if (bytes == 0) {
    return INVALID_VALUE;
  }
  *address = new_memory(bytes);
  if (*address == nullptr) {
    return OUT_OF_MEMORY;
  }
  pinned_memory[(uintptr_t)*address] = bytes;
  return SUCCESS;
}

int cuMemFreeHost(void *address) {
  ENTER_FREE("cuMemFreeHost");
  if (pinned_memory.count((uintptr_t)address) == 0) {
    return INVALID_VALUE;
  }
  run_all();
  pinned_memory.erase((uintptr_t)address);
  free(address);
  return result != SUCCESS ? result : lost;
}

int cuMemcpyHtoDAsync_v2(uintptr_t target, const void *source, size_t bytes, Stream *stream) {
  ENTER_CONTEXT("cuMemcpyHtoDAsync_v2");
  return in_device(target, bytes) ? copy(stream, (void *)target, source, bytes) : INVALID_VALUE;
}

int cuMemcpyDtoHAsync_v2(void *target, uintptr_t source, size_t bytes, Stream *stream) {
  ENTER_CONTEXT("cuMemcpyDtoHAsync_v2");
  return in_device(source, bytes) ? copy(stream, target, (void *)source, bytes) : INVALID_VALUE;
}

int cuMemcpyDtoDAsync_v2(uintptr_t target, uintptr_t source, size_t bytes, Stream *stream) {
  ENTER_CONTEXT("cuMemcpyDtoDAsync_v2");
  return in_device(target, bytes) && in_device(source, bytes)
             ? copy(stream, (void *)target, (void *)source, bytes)
             : INVALID_VALUE;
}

int cuMemsetD8Async(uintptr_t target, unsigned char value, size_t bytes, Stream *stream) {
  ENTER_CONTEXT("cuMemsetD8Async");
  if (!in_device(target, bytes)) {
    return INVALID_VALUE;
  }
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  append(*stream, [=] { memset((void *)target, value, bytes); });
  return SUCCESS;
}

// --- Streams and events ---------------------------------------------------------------------

int cuStreamCreate(Stream **stream, unsigned) {
  ENTER_CONTEXT("cuStreamCreate");
  auto made = std::make_shared<Stream>();
  *stream = made.get();
  streams[*stream] = made;
  return SUCCESS;
}

int cuStreamDestroy_v2(Stream *stream) {
  ENTER_FREE("cuStreamDestroy_v2");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  run_until(*stream, stream->issued);
  streams.erase(stream);
  return result;
}

int cuStreamSynchronize(Stream *stream) {
  ENTER_CONTEXT("cuStreamSynchronize");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  if (stream->capture != nullptr) {
    return spoil(*stream);
  }
  run_until(*stream, stream->issued);
  return lost;
}

// Whoever asks again and again sees the work go on, one piece each time.
int cuStreamQuery(Stream *stream) {
  ENTER_CONTEXT("cuStreamQuery");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  if (stream->capture != nullptr) {
    return spoil(*stream);
  }
  if (stream->queue.empty()) {
    return SUCCESS;
  }
  run_one(*stream);
  return lost != SUCCESS ? lost : NOT_READY;
}

int cuStreamWaitEvent(Stream *stream, Event *event, unsigned) {
  ENTER_CONTEXT("cuStreamWaitEvent");
  if (streams.count(stream) == 0 || events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    stream->capture = event->capture; // a graph does all its work in the order it was given
    return SUCCESS;
  }
  if (stream->capture != nullptr) {
    return CAPTURE_ISOLATION;
  }
  if (event->stream != nullptr) {
    append(*stream, [other = event->stream, position = event->position] {
      run_until(*other, position);
    });
  }
  return SUCCESS;
}

int cuEventCreate(Event **event, unsigned flags) {
  ENTER_CONTEXT("cuEventCreate");
  *event = new Event{(flags & event_without_time) == 0};
  events.insert(*event);
  return SUCCESS;
}

int cuEventDestroy_v2(Event *event) {
  ENTER_FREE("cuEventDestroy_v2");
  if (events.erase(event) == 0) {
    return INVALID_HANDLE;
  }
  delete event;
  return result;
}

int cuEventRecord(Event *event, Stream *stream) {
  ENTER_CONTEXT("cuEventRecord");
  if (streams.count(stream) == 0 || events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  event->capture = stream->capture;
  if (stream->capture == nullptr) {
    append(*stream, [event] {
      if (events.count(event) > 0) {
        event->time_ms = clock_ms;
      }
    });
    event->stream = streams[stream];
    event->position = stream->issued;
  }
  return SUCCESS;
}

int cuEventQuery(Event *event) {
  ENTER_CONTEXT("cuEventQuery");
  if (events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    return CAPTURED_EVENT;
  }
  if (event->stream == nullptr || event->stream->done >= event->position) {
    return SUCCESS;
  }
  run_one(*event->stream);
  return lost != SUCCESS ? lost : NOT_READY;
}

int cuEventSynchronize(Event *event) {
  ENTER_CONTEXT("cuEventSynchronize");
  if (events.count(event) == 0) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    return CAPTURED_EVENT;
  }
  if (event->stream != nullptr) {
    run_until(*event->stream, event->position);
  }
  return lost;
}

// A copy or a kernel takes a millisecond.
int cuEventElapsedTime(float *elapsed_ms, Event *start, Event *end) {
  ENTER_CONTEXT("cuEventElapsedTime");
  for (Event *event : {start, end}) {
    if (events.count(event) == 0 || !event->timed || event->stream == nullptr) {
      return INVALID_HANDLE;
    }
    if (event->stream->done < event->position) {
      return NOT_READY;
    }
  }
  *elapsed_ms = (float)(end->time_ms - start->time_ms);
  return SUCCESS;
}

// --- Graphs ---------------------------------------------------------------------------------

int cuStreamBeginCapture_v2(Stream *stream, int) {
  ENTER_CONTEXT("cuStreamBeginCapture_v2");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  if (stream->capture != nullptr) {
    return spoil(*stream);
  }
  stream->capture = std::make_shared<Capture>();
  return SUCCESS;
}

int cuStreamEndCapture(Stream *stream, Graph **graph) {
  ENTER_FREE("cuStreamEndCapture");
  if (streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  std::shared_ptr<Capture> capture = stream->capture;
  if (capture == nullptr) {
    return CAPTURE_UNMATCHED;
  }
  for (auto &other : streams) {
    if (other.second->capture == capture) {
      other.second->capture = nullptr;
    }
  }
  *graph = nullptr;
  if (result != SUCCESS) {
    return result;
  }
  if (!capture->valid) {
    return CAPTURE_INVALIDATED;
  }
  *graph = new Graph{std::move(capture->works)};
  graphs.insert(*graph);
  return SUCCESS;
}

int cuGraphInstantiateWithFlags(Graph **executable, Graph *graph, unsigned long long) {
  ENTER_CONTEXT("cuGraphInstantiateWithFlags");
  if (graphs.count(graph) == 0) {
    return INVALID_HANDLE;
  }
  *executable = new Graph{graph->works};
  executables.insert(*executable);
  return SUCCESS;
}

int cuGraphLaunch(Graph *executable, Stream *stream) {
  ENTER_CONTEXT("cuGraphLaunch");
  if (executables.count(executable) == 0 || streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  for (const Work &work : executable->works) {
    append(*stream, work);
  }
  return SUCCESS;
}

int cuGraphExecDestroy(Graph *executable) {
  ENTER_FREE("cuGraphExecDestroy");
  if (executables.erase(executable) == 0) {
    return INVALID_HANDLE;
  }
  delete executable;
  return result;
}

int cuGraphDestroy(Graph *graph) {
  ENTER_FREE("cuGraphDestroy");
  if (graphs.erase(graph) == 0) {
    return INVALID_HANDLE;
  }
  delete graph;
  return result;
}

// --- Modules and kernels --------------------------------------------------------------------

int cuModuleLoadData(Module **module, const void *image) {
  ENTER_CONTEXT("cuModuleLoadData");
  if (image == nullptr) {
    return INVALID_VALUE;
  }
  *module = new Module();
  modules.insert(*module);
  return SUCCESS;
}

int cuModuleUnload(Module *module) {
  ENTER_FREE("cuModuleUnload");
  if (modules.erase(module) == 0) {
    return INVALID_HANDLE;
  }
  run_all();
  for (auto &function : module->functions) {
    functions.erase(function.second.get());
  }
  delete module;
  return result != SUCCESS ? result : lost;
}

int cuModuleGetFunction(Function **function, Module *module, const char *name) {
  ENTER_CONTEXT("cuModuleGetFunction");
  if (modules.count(module) == 0) {
    return INVALID_HANDLE;
  }
  shim::Call call = shim::find(name);
  if (!call) {
    return NOT_FOUND;
  }
  std::unique_ptr<Function> &slot = module->functions[name];
  if (slot == nullptr) {
    slot.reset(new Function{module, name, call, shim::parameters_of(name)});
    functions.insert(slot.get());
  }
  *function = slot.get();
  return SUCCESS;
}

int cuFuncSetAttribute(Function *function, int attribute, int value) {
  ENTER_CONTEXT("cuFuncSetAttribute");
  if (functions.count(function) == 0) {
    return INVALID_HANDLE;
  }
  if (attribute != max_dynamic_shared || value < 0 || value > settings["maxSharedBytes"]) {
    return INVALID_VALUE;
  }
  function->allowed_shared_bytes = value;
  return SUCCESS;
}

int cuFuncGetParamInfo(Function *function, size_t index, size_t *offset, size_t *bytes) {
  ENTER_CONTEXT("cuFuncGetParamInfo");
  if (functions.count(function) == 0) {
    return INVALID_HANDLE;
  }
  if (index >= function->parameters.size()) {
    return INVALID_VALUE;
  }
  size_t end = 0;
  for (size_t i = 0; i <= index; i++) {
    const shim::Parameter &parameter = function->parameters[i];
    *offset = (end + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
    *bytes = parameter.bytes;
    end = *offset + *bytes;
  }
  return SUCCESS;
}

int cuLaunchKernel(Function *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   Stream *stream, void **parameters, void **extra) {
  ENTER_CONTEXT("cuLaunchKernel");
  if (functions.count(function) == 0 || streams.count(stream) == 0) {
    return INVALID_HANDLE;
  }
  bool grid_valid = grid_x > 0 && grid_x <= INT32_MAX && grid_y > 0 && grid_y <= UINT16_MAX &&
                    grid_z > 0 && grid_z <= UINT16_MAX;
  bool block_valid = block_x > 0 && block_y > 0 && block_z > 0 && block_x <= max_threads &&
                     block_y <= max_threads && block_z <= 64 &&
                     block_x * block_y * block_z <= max_threads;
  if (!grid_valid || !block_valid || (int)shared_bytes > function->allowed_shared_bytes ||
      parameters == nullptr || extra != nullptr) {
    return INVALID_VALUE;
  }
  auto arguments = std::make_shared<Arguments>(function->parameters, parameters);
  append(*stream, [=, name = function->name, call = function->call] {
    run_kernel(name, call, dim3{grid_x, grid_y, grid_z}, dim3{block_x, block_y, block_z},
               shared_bytes, *arguments);
  });
  return SUCCESS;
}

// --- The tests' controls --------------------------------------------------------------------

// Ends faults, settings and counts; what is live stays.
void fake_reset() {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  faults.clear();
  settings = default_settings;
  call_counts.clear();
  launches_until_loss = -1;
  launch_count = copied_bytes = leaked_count = 0;
}

// Settings of the device: the names of default_settings. Whether there is such a one.
int fake_set(const char *name, long long value) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  auto setting = settings.find(name);
  if (setting == settings.end()) {
    return 0;
  }
  setting->second = value;
  return 1;
}

// Lets the call number `call` from now on, from 1, of a function fail once; * is every function.
void fake_fail(const char *function, long long call, int result) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  faults[function] = {call, result};
}

// Loses the device when it comes to the launch number `launch` from now on, from 1: that and every
// later call then return this until the context is released.
void fake_lose(long long launch, int result) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  launches_until_loss = launch;
  loss = result;
}

// How often a function was called.
long long fake_calls(const char *function) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  return call_counts[function];
}

// What is live or has been done, by name; below 0 where there is no such count.
long long fake_count(const char *name) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  const std::map<std::string, long long> counts = {
      {"allocations", device_memory.size()},
      {"allocatedBytes", used_bytes()},
      {"pinned", pinned_memory.size()},
      {"streams", streams.size()},
      {"events", events.size()},
      {"graphs", graphs.size() + executables.size()},
      {"modules", modules.size()},
      {"contexts", retained},
      {"launches", launch_count},       // of kernels, when they run
      {"copiedBytes", copied_bytes},    // when they are copied
      {"leaked", leaked_count},         // things that were live when their context was released
  };
  auto count = counts.find(name);
  return count == counts.end() ? -1 : count->second;
}

} // extern "C"
