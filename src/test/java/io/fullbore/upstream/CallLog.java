package io.fullbore.upstream;

import io.fullbore.Eventually;
import io.fullbore.core.Failure;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a sink was told. Written by an event loop, read by tests. */
final class CallLog implements UpstreamSink {
  private final List<ForwardedPiece> pieces = new ArrayList<>();
  private volatile Consumer<ForwardedPiece> onPiece = piece -> {};
  private @Nullable Usage usage;
  private @Nullable UpstreamFailure failure;
  private int endCount;
  volatile @Nullable UpstreamCall call;

  /** Runs with each piece, on the event loop. */
  CallLog onPiece(Consumer<ForwardedPiece> action) {
    onPiece = action;
    return this;
  }

  @Override
  public void onPiece(ForwardedPiece piece) {
    synchronized (this) {
      if (endCount > 0) {
        throw new AssertionError("a piece after the end");
      }
      pieces.add(piece);
    }
    onPiece.accept(piece);
  }

  @Override
  public synchronized void onEnd(Usage total) {
    endCount++;
    usage = total;
  }

  @Override
  public synchronized void onFailure(UpstreamFailure why, Usage total) {
    endCount++;
    failure = why;
    usage = total;
  }

  synchronized boolean ended() {
    return endCount > 0;
  }

  /** How often it was told an end. */
  synchronized int endCount() {
    return endCount;
  }

  synchronized int pieceCount() {
    return pieces.size();
  }

  synchronized List<ForwardedPiece> pieces() {
    return List.copyOf(pieces);
  }

  List<String> texts() {
    return pieces().stream().map(ForwardedPiece::json).toList();
  }

  /** Waits for a good end. */
  Usage awaitEnd() throws Exception {
    Eventually.await(this::ended);
    synchronized (this) {
      if (failure != null || endCount != 1 || usage == null) {
        throw new AssertionError("endCount=%d failure=%s".formatted(endCount, failure));
      }
      return usage;
    }
  }

  /** Waits for a bad end. */
  UpstreamFailure awaitFailure() throws Exception {
    Eventually.await(this::ended);
    synchronized (this) {
      if (failure == null || endCount != 1) {
        throw new AssertionError("endCount=%d and no failure".formatted(endCount));
      }
      return failure;
    }
  }

  <T extends Failure> T awaitFailure(Class<T> type) throws Exception {
    return type.cast(awaitFailure().failure());
  }

  /** What was used, after the end. */
  synchronized @Nullable Usage usage() {
    return usage;
  }

  UpstreamCall call() {
    UpstreamCall started = call;
    if (started == null) {
      throw new AssertionError("not started");
    }
    return started;
  }
}
