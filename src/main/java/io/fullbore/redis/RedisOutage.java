package io.fullbore.redis;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a process can reach its Redis: one line in the log when it no longer can, and one when it
 * can again, however many gates notice. Thread-safe; shared by the gates of a process.
 */
public final class RedisOutage {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOutage.class);

  private final AtomicBoolean down = new AtomicBoolean();

  void begin(String why) {
    if (down.compareAndSet(false, true)) {
      LOG.warn("Redis is gone ({}); going on without it", why);
    }
  }

  void end() {
    if (down.compareAndSet(true, false)) {
      LOG.info("Redis is back");
    }
  }
}
