package io.fullbore.serving;

/** Holds an answer up while its reader is slow. Confined to the answer's event loop. */
public interface AnswerFlow {
  /** Nothing more may come until {@link #resume}, but for what is on its way. */
  void pause();

  /** Go on; harmless where nothing was held up, or where the answer has ended. */
  void resume();
}
