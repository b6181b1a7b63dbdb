package io.fullbore.backend.cpu;

import java.util.List;
import java.util.Locale;

/** The instruction sets that kernels are compiled for, with their level in the probe's answer. */
public enum InstructionSet {
  AVX2(1, "linux-amd64"),
  AVX512(2, "linux-amd64"),
  /** Multiplies weights of half precision in bfloat16, twice as many at once as floats. */
  AVX512_BF16(3, "linux-amd64"),
  NEON(1, "linux-aarch64");

  private final int level;
  private final String platform;

  InstructionSet(int level, String platform) {
    this.level = level;
    this.platform = platform;
  }

  /** Those that a processor of this platform and level runs, the fastest first. */
  static List<InstructionSet> runningOn(String platform, int level) {
    return List.of(values()).reversed().stream()
        .filter(set -> set.platform.equals(platform) && set.level <= level)
        .toList();
  }

  /** File of its kernels. */
  String libraryName() {
    return "libfullbore-cpu-" + this + ".so";
  }

  /** As in the configuration. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
