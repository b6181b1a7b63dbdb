package io.fullbore.backend.cuda;

import io.fullbore.backend.BackendException;
import java.util.Arrays;

/**
 * A GPU with the kernels in the jar and a stream of its own, on which work is timed. Used by one
 * thread.
 */
final class Workbench implements AutoCloseable {
  private static final double MICROS_PER_MS = 1e3;
  private static final double NANOS_PER_MICRO = 1e3;

  /** So long a graph takes at least. */
  private static final double LEAST_MICROS = 1_000;

  private static final int MOST_ROUNDS = 200;

  private final CudaContext context;
  private final CudaModule module;
  private final CudaStream stream;
  private final CudaEvent start;
  private final CudaEvent end;

  private Workbench(CudaContext context, byte[] image) {
    this.context = context;
    module = context.load(image);
    stream = context.newStream();
    start = context.newTimer();
    end = context.newTimer();
  }

  /**
   * Opens this machine's first GPU.
   *
   * @throws BackendException when there is none, or the jar has no kernels
   */
  static Workbench open() {
    return open(
        KernelImage.inJar()
            .orElseThrow(
                () -> new BackendException("this jar was built without CUDA kernels", null)));
  }

  /** The same with kernels that are there. */
  static Workbench open(byte[] image) {
    return switch (CudaDriver.find()) {
      case CudaDriver.Search.Missing(String reason) -> throw new BackendException(reason, null);
      case CudaDriver.Search.Found(CudaDriver driver) -> {
        CudaContext context = CudaContext.open(driver, driver.devices().getFirst());
        try {
          yield new Workbench(context, image);
        } catch (CudaException e) {
          context.close();
          throw new BackendException(e.getMessage(), e);
        }
      }
    };
  }

  CudaContext context() {
    return context;
  }

  CudaDevice device() {
    return context.device();
  }

  CudaModule module() {
    return module;
  }

  CudaStream stream() {
    return stream;
  }

  /**
   * Microseconds that the device takes for {@code work}, as the median of {@code repetitions}. It
   * is replayed as a graph, so that the host's calls take no part; short work is in it several
   * times.
   *
   * @param work gives kernels to the stream, and waits for nothing
   */
  double micros(int repetitions, Runnable work) {
    work.run(); // loads the kernels
    double once = microsOf(work);
    int rounds = (int) Math.clamp(LEAST_MICROS / Math.max(once, 1), 1, MOST_ROUNDS);
    Runnable all =
        () -> {
          for (int i = 0; i < rounds; i++) {
            work.run();
          }
        };
    try (CudaGraph graph = stream.capture(all)) {
      graph.launch(stream);
      double[] micros = new double[repetitions];
      for (int i = 0; i < repetitions; i++) {
        micros[i] = microsOf(() -> graph.launch(stream)) / rounds;
      }
      return median(micros);
    }
  }

  private double microsOf(Runnable work) {
    stream.record(start);
    work.run();
    stream.record(end);
    end.synchronize();
    return end.elapsedMs(start) * MICROS_PER_MS;
  }

  /** The same by the host's clock, from the first call until the device is done. */
  double hostMicros(int repetitions, Runnable work) {
    double[] micros = new double[repetitions];
    for (int i = -1; i < repetitions; i++) {
      long begun = System.nanoTime();
      work.run();
      stream.synchronize();
      if (i >= 0) {
        micros[i] = (System.nanoTime() - begun) / NANOS_PER_MICRO;
      }
    }
    return median(micros);
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  @Override
  public void close() {
    context.close();
  }
}
