package io.fullbore.upstream;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import java.util.function.LongSupplier;

/**
 * What the calls of one event loop to one upstream have in common.
 *
 * @param http its pooled connections
 * @param backoff how long a repetition waits
 * @param nanoClock monotonic
 */
record UpstreamLine(
    Vertx vertx,
    HttpClient http,
    SharedUpstream upstream,
    TokenCount tokenCount,
    Backoff backoff,
    LongSupplier nanoClock) {}
