package io.fullbore.http.wire;

import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;

/** Passes answers from elsewhere on as they are. */
public final class OpenAiFrame implements AnswerFrame {
  @Override
  public String piece(ForwardedPiece piece) {
    return "data: " + piece.json() + "\n\n";
  }

  @Override
  public String done(Usage usage) {
    return "data: [DONE]\n\n";
  }

  @Override
  public String whole(ForwardedPiece piece, Usage usage) {
    return piece.json();
  }

  @Override
  public String keepAlive() {
    return ": keep-alive\n\n";
  }
}
