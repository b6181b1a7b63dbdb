package io.fullbore.app;

import io.fullbore.redis.RedisServer;

/** A cluster, of one node: what spans slots is refused there as in a greater one. */
class RedisClusterGatewayTest extends GatewayContract {
  RedisClusterGatewayTest() throws Exception {
    super(RedisServer.startCluster(), "cluster");
  }
}
