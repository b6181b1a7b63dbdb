package io.fullbore.http;

import io.fullbore.auth.AdminKey;
import io.fullbore.auth.KeyStore;
import io.fullbore.cache.LocalAnswers;
import io.fullbore.config.GatewayConfig;
import io.fullbore.limits.Limits;
import io.fullbore.limits.PriceTable;
import io.fullbore.redis.RedisGate;
import io.fullbore.routing.RoutingTable;
import io.fullbore.serving.Flights;
import io.fullbore.serving.ServedModel;
import io.fullbore.upstream.Upstreams;
import java.time.InstantSource;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What all API instances of a process share. Each makes the rest for its own event loop.
 *
 * @param models local models by their own names
 * @param routes all names that requests can ask for
 * @param upstreams who else answers
 * @param prices of local models and of upstreams'
 * @param health started by the caller, before the engines
 * @param answers the first tier of the answer cache
 * @param flights answers under way
 * @param gates makes an instance's way to Redis; gives null where there is no Redis
 * @param limits the limits as an instance counts them with its way to Redis, or null
 * @param cache how answers are remembered
 * @param keys who may call; started by the caller
 * @param responses what {@code /v1/responses} keeps
 * @param tls null for plain HTTP
 */
public record ApiParts(
    SortedMap<String, ServedModel> models,
    RoutingTable routes,
    Upstreams upstreams,
    PriceTable prices,
    EngineHealth health,
    LocalAnswers answers,
    Flights flights,
    Supplier<@Nullable RedisGate> gates,
    Function<@Nullable RedisGate, Limits> limits,
    GatewayConfig.Cache cache,
    KeyStore keys,
    ResponseStore responses,
    AdminKey adminKey,
    @Nullable TlsFiles tls,
    InstantSource clock) {}
