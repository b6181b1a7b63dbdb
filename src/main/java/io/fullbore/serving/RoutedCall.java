package io.fullbore.serving;

import io.fullbore.core.Account;
import io.fullbore.core.Failure;
import io.fullbore.routing.Route;
import io.fullbore.upstream.ForwardedCall;
import org.jspecify.annotations.Nullable;

/**
 * A request, and the forms in which those who serve its name can be asked.
 *
 * @param account who it is counted for
 * @param route who may answer
 * @param choiceCount choices of all prompts together
 * @param local the form for local models; null where none serves the name or can do what is asked
 * @param notLocal why there is no such form; null where there is one, or nobody local
 * @param forwarded the form for upstreams; null where none serves the name
 */
public record RoutedCall(
    Account account,
    Route route,
    int choiceCount,
    @Nullable CompletionCall local,
    @Nullable Failure notLocal,
    @Nullable ForwardedCall forwarded) {

  public RoutedCall {
    if (local == null && notLocal == null && forwarded == null) {
      throw new IllegalArgumentException("route=%s: nobody can be asked".formatted(route.name()));
    }
  }

  /** A request that local models alone can answer. */
  public static RoutedCall local(CompletionCall call, Route route) {
    return new RoutedCall(call.account(), route, call.choiceCount(), call, null, null);
  }
}
