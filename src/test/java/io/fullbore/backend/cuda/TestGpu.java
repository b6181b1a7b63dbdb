package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The GPU that a contract is tested on: one whose kernels run on the processor, or, where the
 * system property {@code fullbore.test.cuda} is {@code real}, this machine's own with the kernels
 * in the jar.
 *
 * @param image for {@link CudaContext#load}
 */
record TestGpu(CudaDriver driver, CudaDevice device, byte[] image) {
  private static final String PROPERTY = "fullbore.test.cuda";

  /**
   * A GPU of that compute capability, which decides which kernels are chosen. A real one may be
   * newer than that: then it runs the kernels that one of that capability would.
   */
  static TestGpu of(int major, int minor) {
    return "real".equals(System.getProperty(PROPERTY)) ? real(major, minor) : fake(major, minor);
  }

  private static TestGpu fake(int major, int minor) {
    FakeDriver fake = FakeDriver.load();
    fake.set("major", major);
    fake.set("minor", minor);
    CudaDriver driver = fake.found();
    return new TestGpu(driver, driver.devices().getFirst(), FakeDriver.IMAGE);
  }

  private static TestGpu real(int major, int minor) {
    CudaDriver driver = assertInstanceOf(CudaDriver.Search.Found.class, CudaDriver.find()).driver();
    CudaDevice device = driver.devices().getFirst();
    boolean exactly = device.major() == major && device.minor() == minor;
    boolean newer = device.major() > major;
    assumeTrue(
        exactly || newer && major < 9,
        "kernels for %d.%d do not run on %s".formatted(major, minor, device.name()));
    CudaDevice chosen =
        new CudaDevice(
            device.ordinal(),
            device.name(),
            major,
            minor,
            device.multiprocessorCount(),
            device.totalBytes(),
            device.l2Bytes(),
            device.maxSharedBytes());
    return new TestGpu(driver, chosen, KernelImage.inJar().orElseThrow());
  }
}
