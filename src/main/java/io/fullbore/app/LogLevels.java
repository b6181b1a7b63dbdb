package io.fullbore.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.fullbore.config.ServerConfig;
import org.slf4j.LoggerFactory;

/** Sets how much of our own log is shown. */
final class LogLevels {
  private LogLevels() {}

  static void apply(ServerConfig.LogLevel level) {
    if (LoggerFactory.getLogger("io.fullbore") instanceof Logger logger) {
      logger.setLevel(Level.valueOf(level.name()));
    }
  }
}
