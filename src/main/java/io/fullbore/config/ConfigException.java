package io.fullbore.config;

import java.util.List;
import java.util.stream.Collectors;

/** The configuration has mistakes; the message lists all of them, one per line. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  ConfigException(List<Problem> problems) {
    super(
        problems.stream()
            .map(problem -> "\n  " + problem)
            .collect(
                Collectors.joining(
                    "",
                    problems.size() == 1
                        ? "The configuration has a mistake:"
                        : "The configuration has %d mistakes:".formatted(problems.size()),
                    "")));
    this.problems = List.copyOf(problems);
  }

  /** In the order of the sources: file, environment, command line, then what is missing. */
  public List<Problem> problems() {
    return problems;
  }
}
