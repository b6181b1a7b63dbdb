// The functions that the server uses of libcuda.so.1, over driver.h: devices, memory, kernels; and
// fake_*, with which the tests direct it.
#include "driver.h"

using namespace driver;

namespace {

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
  if (name == skipped_kernel) {
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
  skipped_kernel.clear();
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

// Lets a kernel do nothing, as if it were wrong.
void fake_skip(const char *kernel) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  skipped_kernel = kernel;
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
