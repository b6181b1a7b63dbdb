package io.fullbore.backend;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The memory of this machine's processor. */
public final class HostMemory {
  private HostMemory() {}

  /** Bytes of it in all, used or not. */
  public static long physicalBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
