package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.cache.CanonicalRequest;
import io.fullbore.core.Failure;
import io.fullbore.routing.Route;
import io.fullbore.routing.RoutingTable;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.RoutedCall;
import io.fullbore.upstream.ForwardedCall.Endpoint;
import io.vertx.core.buffer.Buffer;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request to {@code /v1/chat/completions} or {@code /v1/completions}, read and checked; or one of
 * another API that asks for the same.
 *
 * @param routed what is asked for, and of whom
 * @param digest of all that shapes the answer, see {@link CanonicalRequest}
 * @param stream whether the answer comes as server-sent events
 * @param includeUsage whether a stream ends with its token counts
 * @param echo whether a local model's answer begins with the prompt
 * @param tokensAsIds whether log-probabilities name tokens as {@code token_id:N}
 * @param repeatable whether the answer is the same every time
 * @param offersTools whether the answer may call tools
 */
public record CompletionRequest(
    RoutedCall routed,
    byte[] digest,
    boolean stream,
    boolean includeUsage,
    boolean echo,
    boolean tokensAsIds,
    boolean repeatable,
    boolean offersTools) {

  /**
   * Reads a chat completion's body.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest chat(Buffer body, Requester requester, RoutingTable routes) {
    return read(
        Endpoint.CHAT_COMPLETIONS,
        body,
        requester,
        routes,
        (fields, route, digest) -> new ChatRequestReader(fields, requester, route).read(digest));
  }

  /**
   * Reads a text completion's body.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest text(Buffer body, Requester requester, RoutingTable routes) {
    return read(
        Endpoint.COMPLETIONS,
        body,
        requester,
        routes,
        (fields, route, digest) -> new TextRequestReader(fields, requester, route).read(digest));
  }

  /**
   * Reads the body of a message of Anthropic's API.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest messages(Buffer body, Requester requester, RoutingTable routes) {
    return anthropic(body, requester, routes, AnthropicBody::chat);
  }

  /**
   * The same for a prompt that is only counted.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest messagesPrompt(
      Buffer body, Requester requester, RoutingTable routes) {
    return anthropic(body, requester, routes, AnthropicBody::prompt);
  }

  private static CompletionRequest anthropic(
      Buffer body, Requester requester, RoutingTable routes, Translation translation) {
    JsonValue value = JsonValue.parse(body);
    value.fields();
    var original = (ObjectNode) value.node();
    byte[] digest = CanonicalRequest.digest(original);
    return translated(
        value, route(value, routes), requester, translation, digest, body.length(), original);
  }

  /** Writes a body of another API as that of a chat completion. */
  @FunctionalInterface
  interface Translation {
    /**
     * @param local whether the form is for a local model
     */
    ObjectNode chat(JsonValue body, boolean local);
  }

  /**
   * Reads a request of another API, of which nothing shapes the answer that is not translated.
   *
   * @throws InvalidRequestException at the first mistake
   */
  static CompletionRequest translated(
      JsonValue body,
      int bodyBytes,
      Requester requester,
      RoutingTable routes,
      Translation translation) {
    Route route = route(body, routes);
    byte[] digest = CanonicalRequest.digest(translation.chat(body, !route.mayForward()));
    return translated(body, route, requester, translation, digest, bodyBytes, null);
  }

  /**
   * @param original what upstreams of the other API get
   */
  private static CompletionRequest translated(
      JsonValue body,
      Route route,
      Requester requester,
      Translation translation,
      byte[] digest,
      int bodyBytes,
      @Nullable ObjectNode original) {
    Supplier<CompletionRequest> local =
        () -> {
          var chat = new JsonValue("", translation.chat(body, true));
          return new ChatRequestReader(chat.fields(), requester, route).read(digest);
        };
    if (!route.mayForward()) {
      return local.get();
    }
    var chat = new JsonValue("", translation.chat(body, false));
    return new ForwardedReader(Endpoint.CHAT_COMPLETIONS, chat, requester, route, original)
        .read(digest, bodyBytes, ignored -> local.get());
  }

  /** Reads a body as one for local models. */
  @FunctionalInterface
  private interface LocalReader {
    CompletionRequest read(JsonFields fields, Route route, byte[] digest);
  }

  private static CompletionRequest read(
      Endpoint endpoint, Buffer body, Requester requester, RoutingTable routes, LocalReader local) {
    JsonValue value = JsonValue.parse(body);
    byte[] digest = CanonicalRequest.digest(value.node());
    Route route = route(value, routes);
    return route.mayForward()
        ? new ForwardedReader(endpoint, value, requester, route, null)
            .read(digest, body.length(), fields -> local.read(fields, route, digest))
        : local.read(value.fields(), route, digest);
  }

  /** Who serves the name that the body asks for; nobody where it is unknown. */
  private static Route route(JsonValue body, RoutingTable routes) {
    String model = new SamplingReader(body.fields()).model();
    Route route = routes.find(model);
    return route == null ? Route.nobody(model) : route;
  }

  /** A request for local models alone. */
  static CompletionRequest local(
      CompletionCall call,
      Route route,
      byte[] digest,
      boolean stream,
      boolean includeUsage,
      boolean echo,
      boolean tokensAsIds) {
    return new CompletionRequest(
        RoutedCall.local(call, route),
        digest,
        stream,
        includeUsage,
        echo,
        tokensAsIds,
        call.deterministic(),
        call.offersTools());
  }

  /** The form for local models; there must be one. */
  public CompletionCall call() {
    return Objects.requireNonNull(routed.local(), "no local model can answer");
  }

  /** The same for upstreams alone, because of what stands against a local model. */
  public CompletionRequest withoutLocal(Failure reason) {
    return new CompletionRequest(
        new RoutedCall(
            routed.account(),
            routed.route(),
            routed.choiceCount(),
            null,
            reason,
            routed.forwarded()),
        digest,
        stream,
        includeUsage,
        echo,
        tokensAsIds,
        repeatable,
        offersTools);
  }
}
