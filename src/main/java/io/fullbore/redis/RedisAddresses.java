package io.fullbore.redis;

import io.fullbore.config.GatewayConfig;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.RedisRole;

/** The configuration of Redis in the client's own terms. */
public final class RedisAddresses {
  /** Commands on one connection; the requests that wait for them are bounded elsewhere. */
  private static final int MOST_UNANSWERED = 1 << 20;

  private RedisAddresses() {}

  /**
   * @param settings with a URL
   * @throws IllegalArgumentException where the URL or the mode does not fit
   */
  public static RedisOptions options(GatewayConfig.Redis settings) {
    if (settings.url() == null) {
      throw new IllegalArgumentException("redis.url is not set");
    }
    var options = new RedisOptions().setMaxWaitingHandlers(MOST_UNANSWERED);
    for (String url : settings.url().split(",")) {
      options.addConnectionString(url.strip());
    }
    options.getNetClientOptions().setConnectTimeout((int) settings.timeoutMs() * 10);
    return switch (settings.mode()) {
      case SINGLE -> options.setType(RedisClientType.STANDALONE);
      case CLUSTER -> options.setType(RedisClientType.CLUSTER);
      case SENTINEL -> {
        if (settings.masterName() == null) {
          throw new IllegalArgumentException(
              "redis.mode=sentinel needs redis.masterName, the name that the Sentinels know");
        }
        yield options
            .setType(RedisClientType.SENTINEL)
            .setRole(RedisRole.MASTER)
            .setMasterName(settings.masterName());
      }
    };
  }
}
