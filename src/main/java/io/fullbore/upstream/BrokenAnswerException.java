package io.fullbore.upstream;

/**
 * An upstream's answer makes no sense. Thrown where it is read and caught where it is received. Has
 * no stack trace: it is an expected outcome.
 */
final class BrokenAnswerException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param what goes on after "The upstream 'x'", such as "sent no JSON object"; quotes nothing of
   *     the answer
   */
  BrokenAnswerException(String what) {
    super(what, null, false, false);
  }
}
