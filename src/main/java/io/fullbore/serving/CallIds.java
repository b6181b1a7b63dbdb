package io.fullbore.serving;

import io.fullbore.core.RequestId;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Names the calls of tools in one answer: nine letters and digits each, as the strictest chat
 * templates want them.
 */
final class CallIds implements Supplier<String> {
  private static final String CHARACTERS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int LENGTH = 9;

  private final SplittableRandom random;

  /**
   * @param answer sets the names of its calls apart from those of all others
   */
  CallIds(RequestId answer) {
    random = new SplittableRandom(answer.value());
  }

  @Override
  public String get() {
    var id = new StringBuilder(LENGTH);
    while (id.length() < LENGTH) {
      id.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
    }
    return id.toString();
  }
}
