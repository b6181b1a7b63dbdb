package io.fullbore.upstream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.config.UpstreamConfig;
import java.util.Map;
import java.util.Optional;

/** How one kind of upstream is spoken to. Immutable, shared by all event loops. */
interface Dialect {
  /**
   * Where a call goes.
   *
   * @param model as the upstream calls it
   * @return what follows the base URL, with its query
   */
  String path(ForwardedCall call, String model);

  /** The headers that name the key and the version; the only place where the key is. */
  Map<String, String> headers();

  /**
   * Whether the upstream can be asked this.
   *
   * @return the reason against it, or empty
   */
  Optional<UpstreamFailure> misfit(ForwardedCall call);

  /** The body to send: a new object, the call's own is left alone. */
  ObjectNode body(ForwardedCall call, UpstreamConfig.UpstreamModel model);

  /** Translates one answer; empty where answers are passed on as they are. */
  Optional<AnswerTranslator> translator(ForwardedCall call);
}
