package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CudaDriverTest {
  private FakeDriver fake;

  @BeforeEach
  void load() {
    fake = FakeDriver.load();
  }

  @AfterEach
  void reset() {
    fake.reset();
  }

  @Test
  void findsTheDriverAndItsDevices() {
    fake.set("devices", 2);
    CudaDriver driver = assertInstanceOf(CudaDriver.Search.Found.class, CudaDriver.find()).driver();
    assertEquals("12.6", driver.versionText());
    assertEquals(
        new CudaDevice(1, "Fake GPU 1", 8, 0, 108, 4L << 30, 40 << 20, 166_912),
        driver.devices().get(1));
    assertEquals(2, driver.devices().size());
  }

  @Test
  void saysThatThereIsNoDriver() {
    assertEquals(
        "no NVIDIA driver (libcuda-of-nobody.so.1 cannot be loaded)",
        missing(CudaDriver.probe("libcuda-of-nobody.so.1")));
    assertEquals(
        "no NVIDIA driver (/nowhere/libcuda.so.1 cannot be loaded)",
        missing(CudaDriver.probe("/nowhere/libcuda.so.1")));
  }

  @Test
  void saysThatTheDriverIsTooOld() {
    fake.set("version", 11_080);
    assertEquals("driver too old: CUDA 11.8, needs 12.0", missing(probe()));
  }

  @Test
  void saysThatThereIsNoGpu() {
    fake.set("devices", 0);
    assertEquals("no GPU", missing(probe()));
  }

  @Test
  void saysWhatTheDriverLacksWithoutCallingIt() {
    SymbolLookup lacking =
        name ->
            name.equals("cuGraphLaunch") || name.equals("cuMemAlloc_v2")
                ? Optional.empty()
                : fake.functions().find(name);
    assertEquals(
        "the NVIDIA driver lacks cuGraphLaunch, cuMemAlloc_v2", missing(CudaDriver.probe(lacking)));
    assertEquals(0, fake.calls("cuInit"));
  }

  @Test
  void doesWithoutTheFunctionThatOldDriversLack() {
    SymbolLookup old =
        name -> name.equals("cuFuncGetParamInfo") ? Optional.empty() : fake.functions().find(name);
    var found = assertInstanceOf(CudaDriver.Search.Found.class, CudaDriver.probe(old));
    assertEquals(Optional.empty(), found.driver().parameterInfo());
  }

  @Test
  void saysHowTheDriverFailed() {
    fake.fail("cuInit", 1, 803);
    assertEquals(
        "the NVIDIA driver does not work:"
            + " cuInit failed: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)",
        missing(probe()));
    fake.fail("cuDeviceTotalMem_v2", 1, 999);
    assertEquals(
        "the NVIDIA driver does not work:"
            + " cuDeviceTotalMem for device=0 failed: CUDA_ERROR_UNKNOWN (999)",
        missing(probe()));
  }

  private CudaDriver.Search probe() {
    return CudaDriver.probe(fake.functions());
  }

  private static String missing(CudaDriver.Search search) {
    return assertInstanceOf(CudaDriver.Search.Missing.class, search).reason();
  }
}
