package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What must not be told about an upstream: its key and the values of its configured headers, as
 * they are and, of values such as {@code Bearer …}, word by word. Immutable.
 */
final class Secrets {
  private static final String HIDDEN = "***";

  /** Shorter values, such as {@code 1} and {@code true}, hide nothing and stand in many texts. */
  private static final int MIN_LENGTH = 4;

  /** Shorter words of a value are schemes and the like. */
  private static final int MIN_WORD_LENGTH = 8;

  /** Of what an upstream says. */
  private static final int MAX_TOLD_LENGTH = 4_000;

  private final List<String> longestFirst;

  Secrets(UpstreamConfig.Upstream upstream) {
    List<String> secrets = new ArrayList<>();
    String key = upstream.apiKey();
    if (key != null && !key.isBlank()) {
      secrets.add(key.strip());
    }
    for (UpstreamConfig.Header header : upstream.headers()) {
      String value = header.value().strip();
      if (value.length() >= MIN_LENGTH) {
        secrets.add(value);
      }
      Stream.of(value.split("\\s+"))
          .filter(word -> word.length() >= MIN_WORD_LENGTH)
          .forEach(secrets::add);
    }
    longestFirst =
        secrets.stream()
            .distinct()
            .sorted(Comparator.comparing(String::length).reversed())
            .toList();
  }

  /** The text with each secret hidden. */
  String hide(String text) {
    String hidden = text;
    for (String secret : longestFirst) {
      hidden = hidden.replace(secret, HIDDEN);
    }
    return hidden;
  }

  /** An upstream's words with each secret hidden, and then cut where they are too long. */
  String told(String words) {
    String hidden = hide(words);
    return hidden.length() <= MAX_TOLD_LENGTH ? hidden : hidden.substring(0, MAX_TOLD_LENGTH) + "…";
  }

  @Nullable String toldNullable(@Nullable String words) {
    return words == null ? null : told(words);
  }
}
