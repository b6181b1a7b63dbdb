package io.fullbore.app;

import io.fullbore.redis.RedisServer;

/** One redis-server. */
class SingleRedisGatewayTest extends GatewayContract {
  SingleRedisGatewayTest() throws Exception {
    super(RedisServer.start(), "single");
  }
}
