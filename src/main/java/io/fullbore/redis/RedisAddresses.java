package io.fullbore.redis;

import io.fullbore.config.GatewayConfig;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.RedisRole;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;

/** The configuration of Redis in the client's own terms. */
public final class RedisAddresses {
  /** Commands on one connection; the requests that wait for them are bounded elsewhere. */
  private static final int MOST_UNANSWERED = 1 << 20;

  private static final Set<String> SCHEMES = Set.of("redis", "rediss");

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
      options.addConnectionString(checked(url.strip()));
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

  /** The message leaves the address out: it may hold a password. */
  private static String checked(String url) {
    try {
      URI uri = new URI(url);
      if (SCHEMES.contains(String.valueOf(uri.getScheme())) && uri.getHost() != null) {
        return url;
      }
    } catch (URISyntaxException e) {
      // said below, without the address
    }
    throw new IllegalArgumentException(
        "redis.url must be redis://[:password@]host:port[/database] or rediss://…, with commas"
            + " between several");
  }
}
