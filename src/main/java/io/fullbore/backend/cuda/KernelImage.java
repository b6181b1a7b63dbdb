package io.fullbore.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;

/** The compiled kernels in this jar, for all GPUs together: a fat binary. */
final class KernelImage {
  private static final String FILE = "fullbore.fatbin";

  private KernelImage() {}

  /** The image for {@link CudaContext#load}, or nothing when the jar was built without nvcc. */
  static Optional<byte[]> inJar() {
    try (InputStream image = KernelImage.class.getResourceAsStream(FILE)) {
      return image == null ? Optional.empty() : Optional.of(image.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException("file=%s in the jar cannot be read".formatted(FILE), e);
    }
  }
}
