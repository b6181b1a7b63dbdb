package io.fullbore.backend.cpu;

import java.util.List;
import java.util.Locale;

/** The instruction sets that kernels are compiled for, with their level in the probe's answer. */
public enum InstructionSet {
  AVX2(1, "amd64"),
  AVX512(2, "amd64"),
  NEON(1, "aarch64");

  private final int level;
  private final String architecture;

  InstructionSet(int level, String architecture) {
    this.level = level;
    this.architecture = architecture;
  }

  /** Those that a processor of this {@code os.arch} and level runs, the fastest first. */
  static List<InstructionSet> runningOn(String architecture, int level) {
    return List.of(values()).reversed().stream()
        .filter(set -> set.architecture.equals(architecture) && set.level <= level)
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
