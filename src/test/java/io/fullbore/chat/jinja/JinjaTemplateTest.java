package io.fullbore.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JinjaTemplateTest {
  static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 12, 5, 9);

  private static String render(String template, Map<String, ? extends @Nullable Object> variables) {
    return JinjaTemplate.parse(template).render(variables, NOW).text();
  }

  /** One line per construct, with what Python's Jinja2 makes of it. */
  static Stream<JsonNode> expressions() throws IOException {
    var mapper = new ObjectMapper();
    var stream =
        Objects.requireNonNull(JinjaTemplateTest.class.getResourceAsStream("expressions.jsonl"));
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      return reader
          .lines()
          .map(
              line -> {
                try {
                  return mapper.readTree(line);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("expressions")
  void evaluatesAsPythonsJinjaDoes(JsonNode expression) {
    String template = expression.get("template").asText();
    if (expression.has("prints")) {
      assertEquals(expression.get("prints").asText(), render(template, Map.of()));
    } else {
      var error = assertThrows(JinjaException.class, () -> render(template, Map.of()));
      assertEquals(expression.get("fails").asText(), error.kind().name());
      assertTrue(error.line() > 0, error.getMessage());
    }
  }

  @Test
  void takesPlainJavaValues() {
    var variables =
        Map.of(
            "list", List.of(1, 2.5f, "é", true, new BigInteger("123456789012345678901")),
            "map", Map.of("items", "an item named as a method"));
    assertEquals(
        "[1, 2.5, \"é\", true, 123456789012345678901] an item named as a method",
        render("{{ list | tojson }} {{ map['items'] }}", variables));
    assertThrows(
        IllegalArgumentException.class, () -> render("{{ x }}", Map.of("x", new Object())));
  }

  @Test
  void valuesAreDataEvenWhereTheyLookLikeTemplates() {
    String hostile = "{{ 7*7 }}{% for i in range(9) %}{{ i }}{% endfor %}{# gone? #}";
    assertEquals(
        hostile + hostile + "\"" + hostile + "\"",
        render("{{ x }}{{ x | string | trim }}{{ x | tojson }}", Map.of("x", hostile)));
  }

  @Test
  void marksWhatCameFromTheCaller() {
    var output =
        JinjaTemplate.parse("<a>{{ (x ~ 'b' ~ t).strip()[:4] | upper }}{{ [x] | tojson }}")
            .render(Map.of("x", " cd", "t", JinjaTemplate.trusted("e")), NOW);
    assertEquals("<a>CDBE[\" cd\"]", output.text());
    assertEquals("{3, 4, 9, 10, 11}", output.callerChars().toString());
  }

  @Test
  void errorsNameTheLine() {
    var error =
        assertThrows(
            JinjaException.class,
            () -> render("one\n{% if true %}\n{{ x.y.z }}\n{% endif %}", Map.of()));
    assertEquals(3, error.line());
    assertEquals("'x' is undefined", error.getMessage());
    var syntax = assertThrows(JinjaException.class, () -> JinjaTemplate.parse("\n\n{{ 1 + }}"));
    assertEquals(3, syntax.line());
  }

  @Test
  void truncatedSourceEndsInAnError() {
    String source =
        "{% macro f(a, b=[1, {'x': 2}]) %}{{- a.b[1:2] | map('upper') | join(\"-\") }}{% endmacro"
            + " %}{% for i in range(3) if i is not none %}{% set ns.x = f(i, b='q') %}{# c #}{%"
            + " else %}{% raw %}{{ {% endraw %}{% endfor %}";
    for (int end = 0; end <= source.length(); end++) {
      String cut = source.substring(0, end);
      try {
        JinjaTemplate.parse(cut);
      } catch (JinjaException e) {
        assertEquals(JinjaException.Kind.SYNTAX, e.kind(), cut);
      }
    }
  }

  @Test
  void rendersInManyThreadsAtOnce() throws Exception {
    var template =
        JinjaTemplate.parse(
            "{% set ns = namespace(n=0) %}{% for i in range(50) %}{% set ns.n = ns.n + x %}{%"
                + " endfor %}{{ ns.n }}");
    List<Callable<String>> tasks = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      int x = i;
      tasks.add(() -> template.render(Map.of("x", x), NOW).text());
    }
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<String>> results = threads.invokeAll(tasks);
      for (int i = 0; i < results.size(); i++) {
        assertEquals(String.valueOf(50 * i), results.get(i).get());
      }
    }
  }
}
