package io.fullbore.app;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.serving.AnswerSink;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Prints one answer as it comes and keeps its text, without its reasoning. Read by the terminal
 * once it has ended.
 */
final class TerminalSink implements AnswerSink {
  private final PrintWriter out;
  private final StringBuilder text = new StringBuilder();
  private final Promise<Void> ended = Promise.promise();
  private volatile @Nullable Failure failure;
  private boolean reasoning;

  TerminalSink(PrintWriter out) {
    this.out = out;
  }

  /** Completes when the answer has ended, well or not. */
  Future<Void> ended() {
    return ended.future();
  }

  @Nullable Failure failure() {
    return failure;
  }

  String text() {
    return text.toString();
  }

  @Override
  public void onAccepted() {}

  @Override
  public void onForwarded(ForwardedPiece piece) {
    throw new IllegalStateException("the terminal asks local models alone");
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {}

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    switch (part) {
      case AnswerPart.Text(String delta) -> {
        if (reasoning && !delta.isEmpty()) {
          reasoning = false;
          out.print("\n\n");
        }
        text.append(delta);
        out.print(delta);
      }
      case AnswerPart.Reasoning(String delta) -> {
        reasoning = true;
        out.print(delta);
      }
      case AnswerPart.CallStart _, AnswerPart.CallArguments _ ->
          throw new IllegalStateException("the terminal offers no tools");
    }
    out.flush();
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {}

  @Override
  public void onEnd(Usage usage) {
    ended.complete();
  }

  @Override
  public void onFailure(Failure newFailure) {
    failure = newFailure;
    ended.complete();
  }
}
