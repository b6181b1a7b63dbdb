package io.fullbore.http;

import io.fullbore.cache.CacheKey;
import io.fullbore.cache.CanonicalRequest;
import io.fullbore.core.Account;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.InvalidRequestException;
import io.fullbore.routing.Route;
import io.fullbore.serving.AnswerSource;
import io.fullbore.serving.CachePlan;
import io.fullbore.serving.ServedModel;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the answer cache says and is told in headers: {@code X-Cache: force|bypass|refresh} and
 * {@code X-Cache-Tier: knowledge} on a request, {@code X-Cache: HIT-L1|HIT-L2|JOIN|MISS|BYPASS} and
 * {@code Age} on its answer.
 */
final class CacheHeaders {
  static final String CACHE = "X-Cache";
  static final String AGE = "Age";
  private static final String TIER = "X-Cache-Tier";

  private CacheHeaders() {}

  /**
   * @throws InvalidRequestException where a header is wrong
   */
  static CachePlan plan(HttpServerRequest request, CompletionRequest completion) {
    return CachePlan.of(
        wish(request.getHeader(CACHE)),
        completion.routed().account().caller().cache(),
        knowledge(request.getHeader(TIER)),
        completion.repeatable(),
        completion.offersTools());
  }

  private static CachePlan.Wish wish(@Nullable String header) {
    return switch (header) {
      case null -> CachePlan.Wish.NONE;
      case "force" -> CachePlan.Wish.FORCE;
      case "bypass" -> CachePlan.Wish.BYPASS;
      case "refresh" -> CachePlan.Wish.REFRESH;
      default -> throw invalid(CACHE, header, "'force', 'bypass', 'refresh'");
    };
  }

  private static boolean knowledge(@Nullable String header) {
    return switch (header) {
      case null -> false;
      case "knowledge" -> true;
      default -> throw invalid(TIER, header, "'knowledge'");
    };
  }

  private static InvalidRequestException invalid(String name, String value, String allowed) {
    return new InvalidRequestException(
        new Failure.InvalidRequest(
            "Invalid value of the header %s: '%s'. Supported values are: %s."
                .formatted(name, value, allowed),
            name,
            "invalid_value"));
  }

  /**
   * @param locals the local models that may answer
   * @param epoch counts the purges of the cache
   */
  static CacheKey key(
      HttpServerRequest request,
      CompletionRequest completion,
      List<ServedModel> locals,
      long epoch) {
    Account account = completion.routed().account();
    String hash =
        CanonicalRequest.hash(
            request.path(),
            versions(locals) + others(completion) + "-" + epoch,
            completion.digest());
    return account.caller().cache().shared()
        ? CacheKey.shared(hash)
        : CacheKey.ofUser(account.scope(), hash);
  }

  private static String versions(List<ServedModel> models) {
    return models.stream().map(CacheHeaders::version).collect(Collectors.joining(","));
  }

  private static String version(ServedModel model) {
    return model.digest() + model.template().day().map(Object::toString).orElse("");
  }

  /**
   * Others' answers are kept as they came, so that each form of one is an answer of its own. Who
   * may not forward shares neither them nor the failure to get one.
   */
  private static String others(CompletionRequest completion) {
    Route route = completion.routed().route();
    if (!route.mayForward() || !completion.routed().account().caller().mayForward()) {
      return "";
    }
    var names = new StringJoiner(",", "|", "|");
    route.choices().forEach(choice -> names.add(choice.target().priceName()));
    return names.toString() + completion.stream() + completion.includeUsage();
  }

  static String spelled(AnswerSource source) {
    return switch (source) {
      case HIT_L1 -> "HIT-L1";
      case HIT_L2 -> "HIT-L2";
      case JOIN -> "JOIN";
      case MISS -> "MISS";
      case BYPASS -> "BYPASS";
    };
  }
}
