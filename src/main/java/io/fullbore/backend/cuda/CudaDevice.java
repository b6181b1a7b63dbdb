package io.fullbore.backend.cuda;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A GPU of this machine.
 *
 * @param ordinal its number, which {@code CUDA_VISIBLE_DEVICES} may change
 * @param major its compute capability's first number, such as 9 of 9.0
 * @param minor the second
 * @param totalBytes of its memory
 * @param l2Bytes of its last cache
 * @param maxSharedBytes of shared memory that one block may have when its kernel asks for it
 */
record CudaDevice(
    int ordinal,
    String name,
    int major,
    int minor,
    int multiprocessorCount,
    long totalBytes,
    int l2Bytes,
    int maxSharedBytes) {
  private static final int NAME_BYTES = 256;

  /**
   * Asks the driver, which has been initialized.
   *
   * @throws CudaException when it does not know the device
   */
  static CudaDevice of(int ordinal) {
    CUdevice device = handle(ordinal);
    byte[] name = new byte[NAME_BYTES];
    check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName", ordinal);
    long[] totalBytes = new long[1];
    check(JCudaDriver.cuDeviceTotalMem(totalBytes, device), "cuDeviceTotalMem", ordinal);
    return new CudaDevice(
        ordinal,
        textOf(name),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, ordinal),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, ordinal),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, ordinal),
        totalBytes[0],
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, ordinal),
        attribute(
            device,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
            ordinal));
  }

  CUdevice handle() {
    return handle(ordinal);
  }

  private static CUdevice handle(int ordinal) {
    CUdevice device = new CUdevice();
    check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet", ordinal);
    return device;
  }

  private static int attribute(CUdevice device, int attribute, int ordinal) {
    int[] value = new int[1];
    check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
        "cuDeviceGetAttribute",
        ordinal);
    return value[0];
  }

  private static String textOf(byte[] name) {
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }

  private static void check(int result, String call, int ordinal) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new CudaException(result, call, "device=" + ordinal);
    }
  }
}
