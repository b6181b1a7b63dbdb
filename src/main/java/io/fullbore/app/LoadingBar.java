package io.fullbore.app;

import io.fullbore.model.Weights;
import java.util.function.LongConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows how much of a model's weights has been loaded, on a terminal; elsewhere nothing. Used by
 * the thread that loads.
 */
final class LoadingBar implements LongConsumer {
  private static final long MIB = 1 << 20;

  private final String name;
  private final long totalBytes;
  private long loadedBytes;
  private @Nullable ProgressBar bar;

  private LoadingBar(String name, long totalBytes) {
    this.name = name;
    this.totalBytes = totalBytes;
  }

  static LongConsumer of(String name, Weights weights) {
    boolean onTerminal = System.console() != null && System.console().isTerminal();
    return onTerminal ? new LoadingBar(name, totalBytes(weights)) : bytes -> {};
  }

  private static long totalBytes(Weights weights) {
    boolean tied = weights.output() == weights.embedding();
    return weights.sizeBytes() + (tied ? 0 : weights.embedding().data().byteSize());
  }

  @Override
  public void accept(long bytes) {
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("loading " + name)
              .setInitialMax(totalBytes)
              .setUnit(" MiB", MIB)
              .setStyle(ProgressBarStyle.ASCII)
              .build();
    }
    loadedBytes += bytes;
    bar.stepTo(Math.min(loadedBytes, totalBytes));
    if (loadedBytes >= totalBytes) {
      bar.close();
    }
  }
}
