package io.fullbore.backend.cuda;

import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Loaded kernels. Owned by its context. */
final class CudaModule implements CudaContext.Resource {
  private final CudaContext context;
  private final CUmodule handle = new CUmodule();

  CudaModule(CudaContext context, byte[] image) {
    this.context = context;
    context.check(
        JCudaDriver.cuModuleLoadData(handle, image),
        "cuModuleLoadData",
        "bytes=%d on %s".formatted(image.length, context.device().name()));
  }

  /**
   * @param name as in the source, where it is {@code extern "C"}
   * @throws CudaException when there is none
   */
  Kernel kernel(String name) {
    Handles.Function function = new Handles.Function();
    context.check(
        JCudaDriver.cuModuleGetFunction(function, handle, name), "cuModuleGetFunction", name);
    return new Kernel(context, name, function);
  }

  @Override
  public void close() {
    if (context.disown(this)) {
      context.checkFreed(JCudaDriver.cuModuleUnload(handle), "cuModuleUnload");
    }
  }
}
