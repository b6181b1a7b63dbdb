// Kernels for the tests of the driver's Java layer; the server has no use for them.
#include "../device.cuh"

struct ScaleBy {
  float factor;
  int offset;
  double unused; // makes the structure's alignment 8
};

// y[i] = x[i] * by.factor + by.offset, for i below count.
extern "C" __global__ void test_scale(const float *x, float *y, int count, ScaleBy by) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) {
    y[i] = x[i] * by.factor + by.offset;
  }
}
FB_KERNEL(test_scale)

// sums[block] = the sum of the block's threads' x, through dynamic shared memory.
extern "C" __global__ void test_sum(const float *x, float *sums) {
  FB_DYNAMIC_SHARED(shared);
  float *values = (float *)shared;
  values[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
  block_barrier();
  if (threadIdx.x == 0) {
    float sum = 0;
    for (unsigned i = 0; i < blockDim.x; i++) {
      sum += values[i];
    }
    sums[blockIdx.x] = sum;
  }
}
FB_KERNEL(test_sum)

// Adds a little of each kind of parameter.
extern "C" __global__ void test_mix(double *y, int a, float b, long long c) { *y = (double)a + b + c; }
FB_KERNEL(test_mix)
