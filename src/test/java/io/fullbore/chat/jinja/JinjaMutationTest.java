package io.fullbore.chat.jinja;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Templates with words swapped at random: whatever they do, they end in text or a clear error. */
class JinjaMutationTest {
  private static final Pattern WORDS =
      Pattern.compile("\\{%-?|-?%\\}|\\{\\{-?|-?\\}\\}|\\w+|'[^']*'|\\s+|.", Pattern.DOTALL);
  private static final int ROUNDS = Integer.getInteger("fullbore.mutations", 4_000);

  private static final Map<String, Object> VARIABLES =
      Map.of(
          "a", List.of(1, "x", Map.of("k", List.of())),
          "x", "some 'text' with é😀 and\nlines",
          "k", Map.of("a", 1.5, "x", true));

  @Test
  void nothingButAClearErrorComesOut() throws IOException {
    var random = new Random(20250309);
    List<List<String>> templates = new ArrayList<>();
    List<String> vocabulary = new ArrayList<>(Filters.NAMES);
    for (JsonNode node : JinjaTemplateTest.expressions().toList()) {
      List<String> words = words(node.get("template").asText());
      templates.add(words);
      vocabulary.addAll(words);
    }
    for (int round = 0; round < ROUNDS; round++) {
      List<String> mutated = new ArrayList<>(templates.get(random.nextInt(templates.size())));
      for (int change = random.nextInt(4); change >= 0; change--) {
        int at = random.nextInt(mutated.size());
        switch (random.nextInt(3)) {
          case 0 -> mutated.set(at, vocabulary.get(random.nextInt(vocabulary.size())));
          case 1 -> mutated.add(at, vocabulary.get(random.nextInt(vocabulary.size())));
          default -> mutated.set(at, mutated.get(random.nextInt(mutated.size())));
        }
      }
      String source = String.join("", mutated);
      try {
        JinjaTemplate.parse(source).render(VARIABLES, JinjaTemplateTest.NOW);
      } catch (JinjaException e) {
        continue;
      } catch (RuntimeException e) {
        throw new AssertionError("no clear error: " + source, e);
      }
    }
  }

  private static List<String> words(String template) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORDS.matcher(template);
    while (matcher.find()) {
      words.add(matcher.group());
    }
    return words;
  }
}
