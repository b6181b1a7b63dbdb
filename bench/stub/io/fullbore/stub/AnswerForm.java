package io.fullbore.stub;

import io.vertx.core.MultiMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The JSON and the events of one kind of API. */
interface AnswerForm {
  /**
   * The events of a stream, each with its empty line.
   *
   * @param endingCount events at the end that say that the answer is finished
   */
  record Events(List<String> events, int endingCount) {
    public Events {
      events = List.copyOf(events);
    }
  }

  /** What is wrong with a request, or empty. */
  Optional<String> misfit(MultiMap headers, Question question);

  /** A whole answer. */
  String whole(Question question);

  Events events(Question question);

  String error(int status, @Nullable String code, String message);

  /** An error amid a stream. */
  String errorEvent(String message);
}
