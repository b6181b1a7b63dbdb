package io.fullbore.backend.cuda;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Work that {@link CudaStream#capture} took down, to be given to the device in one call: the same
 * kernels with the same grids and parameters over the same memory. Owned by its context.
 */
final class CudaGraph implements CudaContext.Resource {
  private final CudaContext context;
  private final CUgraphExec handle = new CUgraphExec();

  /** Makes {@code captured} ready to run, and destroys it. */
  CudaGraph(CudaContext context, CUgraph captured) {
    this.context = context;
    int result = JCudaDriver.cuGraphInstantiate(handle, captured, 0);
    int destroyed = JCudaDriver.cuGraphDestroy(captured);
    context.check(result, "cuGraphInstantiate", "");
    if (destroyed != CUresult.CUDA_SUCCESS) {
      JCudaDriver.cuGraphExecDestroy(handle);
    }
    context.check(destroyed, "cuGraphDestroy", "");
  }

  /** Appends the work to a stream. */
  void launch(CudaStream stream) {
    context.check(JCudaDriver.cuGraphLaunch(handle, stream.handle()), "cuGraphLaunch", "");
  }

  @Override
  public void close() {
    if (context.disown(this)) {
      context.checkFreed(JCudaDriver.cuGraphExecDestroy(handle), "cuGraphExecDestroy");
    }
  }
}
