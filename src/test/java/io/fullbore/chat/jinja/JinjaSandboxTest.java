package io.fullbore.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.chat.jinja.JinjaException.Kind;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hostile template or request may try, and how it ends. */
class JinjaSandboxTest {
  private static final long SMALL_STACK_BYTES = 512 * 1024;
  private static final long PATIENCE_NANOS = 3_000_000_000L;

  private static JinjaException attack(String template, Map<String, Object> variables) {
    return assertThrows(
        JinjaException.class,
        () -> JinjaTemplate.parse(template).render(variables, JinjaTemplateTest.NOW));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Endless or exploding loops.
        "{% for i in range(1000000000) %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        "{{ range(0, 9223372036854775807, 2) }}",
        "{% for a in range(99999) %}{{ range(99999) | list | length }}{% endfor %}",
        // Texts that double.
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor"
            + " %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = n.x ~ n.x %}{% endfor"
            + " %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = n.x.replace('a', n.x)"
            + " %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = '%s%s' % (n.x, n.x)"
            + " %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = '{0}{0}'.format(n.x)"
            + " %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = [n.x, n.x] | join %}{%"
            + " endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = [n.x, n.x] | tojson"
            + " %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = (n.x * 9) | title %}{%"
            + " endfor %}",
        "{{ 'x' * 9999999999 }}",
        "{{ '' * 9223372036854775807 ~ [1] * 99999999999 }}",
        "{{ 'x'.center(9999999999) }}",
        "{{ 'x' | indent(9999999999) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'x'.zfill(2147483647) }}",
        "{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
        // Lists that double, and texts of shared lists.
        "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor"
            + " %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor"
            + " %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor"
            + " %}{{ n.x | tojson }}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{%"
            + " set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{%"
            + " set n.y = [n.y, n.y] %}{% endfor %}{{ n.x < n.y }}",
        // Recursion without end.
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(x) %}{% if x %}{% for i in [1] %}{{ '' ~ (f(x) | trim) }}{% endfor %}{% endif"
            + " %}{% endmacro %}{{ f(1) }}",
        "{% macro f() %}{% call g() %}{% endcall %}{% endmacro %}{% macro g() %}{% call f() %}{%"
            + " endcall %}{% endmacro %}{{ f() }}",
        "{% for i in [[1]] recursive %}{{ loop([i]) }}{% endfor %}",
        "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{"
            + " n.x }}",
        "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{"
            + " n.x | tojson }}",
        "{% set n = namespace(x=[], y=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% set"
            + " n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace() %}{% set n.self = n %}{{ n }}",
        // Work hidden in one operation.
        "{% set a = 'a' * 400000 %}{% set b = 'a' * 200000 ~ 'b' %}{{ b in a }}",
        "{% set a = 'a' * 400000 %}{% for i in range(99999) %}{{ a.count('aaaaaaab') }}{% endfor"
            + " %}",
        "{% set a = 'a,' * 400000 %}{% for i in range(99999) %}{{ a.split(',') | length }}{% endfor"
            + " %}",
        "{% set a = range(99999) | list %}{% for i in a %}{{ -1 in a }}{% endfor %}",
        "{% set a = range(99999) | list %}{{ a | unique | list }}",
        "{% set a = range(99999) | list %}{% for i in a %}{{ (a | sort(reverse=true)) | length }}{%"
            + " endfor %}",
        "{{ range(99999) | batch(1) | map('batch', 1) | map('list') | list }}",
        "{{ [1] | slice(99999) | list | map('string') | join | length }}{% for i in range(99999)"
            + " %}{{ [1] | slice(99999) | list | length }}{% endfor %}",
      })
  void isStopped(String template) {
    long start = System.nanoTime();
    var error = attack(template, Map.of());
    assertTrue(System.nanoTime() - start < PATIENCE_NANOS, template);
    assertEquals(Kind.LIMIT, error.kind(), error.getMessage());
    assertTrue(error.line() > 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.__class__ }}",
        "{{ x.__class__.__mro__ }}",
        "{{ x['__init__'] }}",
        "{{ [].__class__.__base__.__subclasses__() }}",
        "{{ raise_exception.__globals__ }}",
        "{{ x.getClass() }}",
        "{{ x.class.forName('java.lang.Runtime') }}",
        "{{ ''.getClass().forName('java.lang.System').exit(1) }}",
        "{{ x | attr('getClass')() }}",
        "{{ self.__init__() }}",
        "{{ cycler.__init__ }}",
        "{{ lipsum.__globals__['os'].popen('id') }}",
        "{{ range.call(1) }}",
        "{{ namespace.call }}{{ namespace.attributes() }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ '{0[a]}'.format(x) }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ -9223372036854775807 - 5 }}",
        "{{ [1].append(2) }}",
        "{{ {'a': 1}.update(b=2) }}",
        "{{ environ['PATH'] }}{{ os.environ }}",
      })
  void reachesNothing(String template) {
    assertEquals(Kind.FAILED, attack(template, Map.of("x", "text")).kind());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% do x.y() %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ x; y }}",
        "{{ 99999999999999999999 }}",
        "{{ `x` }}",
        "{{ \u0000 }}",
        "{{ '\\u12' }}{{ '\\UFFFFFFFF' }}",
      })
  void doesNotParse(String template) {
    assertEquals(Kind.SYNTAX, attack(template, Map.of()).kind());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ (",
        "{{ [",
        "{{ {1:",
        "{{ not ",
        "{{ - ",
        "{% if x %}",
        "{{ x[",
        "{{ f(",
        "{% set (",
        "{{ 1 if "
      })
  void deepNestingInTheSourceIsRefused(String opening) {
    var error = attack(opening.repeat(1) + opening.substring(3).repeat(20_000), Map.of());
    assertEquals(Kind.SYNTAX, error.kind());
    assertEquals(Kind.SYNTAX, attack(opening.repeat(20_000), Map.of()).kind());
  }

  @Test
  void longChainsOfOperatorsEndClearly() {
    assertEquals(Kind.LIMIT, attack("{{ 1" + " + 1".repeat(50_000) + " }}", Map.of()).kind());
    assertEquals(Kind.LIMIT, attack("{{ x" + ".x".repeat(50_000) + " }}", Map.of()).kind());
    assertEquals(Kind.LIMIT, attack("{{ x" + "|e".repeat(50_000) + " }}", Map.of()).kind());
    assertThrows(JinjaException.class, () -> JinjaTemplate.parse("x".repeat(1_000_001)));
  }

  @Test
  void deepValuesOfTheCallerEndClearly() {
    Object deep = "x";
    for (int i = 0; i < 10_000; i++) {
      deep = Map.of("k", deep);
    }
    assertEquals(Kind.LIMIT, attack("{{ x }}", Map.of("x", deep)).kind());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro f(x) %}{% for i in [1] %}{% if x %}{{ '' ~ (f([x, {'a': x}]) | trim | upper) }}{%"
            + " endif %}{% endfor %}{% endmacro %}{{ f(1) }}",
        "{% macro f(x) %}{% filter upper %}{% call g() %}{{ f(x) if x and true or false }}{%"
            + " endcall %}{% endfilter %}{% endmacro %}{% macro g() %}{{ caller() }}{% endmacro"
            + " %}{{ f(1) }}",
        "{% macro f(x) %}{{ [1] | map('default', f(x)) | list | tojson }}{% endmacro %}{{ f(1) }}",
        "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = {'a': (n.x,)} %}{%"
            + " endfor %}{{ n.x }}",
      })
  void depthEndsBeforeASmallStackDoes(String template) throws InterruptedException {
    var outcome = new AtomicReference<@Nullable Throwable>();
    var thread =
        new Thread(
            null,
            () -> JinjaTemplate.parse(template).render(Map.of(), JinjaTemplateTest.NOW),
            "small-stack",
            SMALL_STACK_BYTES);
    thread.setUncaughtExceptionHandler((_, error) -> outcome.set(error));
    thread.start();
    thread.join();
    assertEquals(Kind.LIMIT, assertInstanceOf(JinjaException.class, outcome.get()).kind());
  }

  @Test
  void theClockEndsWhatTheCountersWouldAllow() {
    var template = JinjaTemplate.parse("{% for i in range(5000) %}x{% endfor %}");
    long[] nanos = {0};
    var limits = new Limits(1_000_000, 100_000_000, 1_000_000, 100, 1_000);
    var error =
        assertThrows(
            JinjaException.class,
            () ->
                template.render(
                    Map.of(), JinjaTemplateTest.NOW, limits, () -> nanos[0] += 200_000_000));
    assertEquals(Kind.LIMIT, error.kind());
    assertEquals("took longer than timeMs=1000", error.getMessage());
  }

  @Test
  void honestWorkOnLongConversationsFits() {
    String content = "lorem ipsum <think>dolor</think> sit amet\n".repeat(20_000);
    var template =
        JinjaTemplate.parse(
            "{% for i in range(10) %}{{ x.split('</think>')[-1].lstrip('\\n') | length }}"
                + "{% if '<tool>' in x or x.startswith('y') %}{% endif %}{% endfor %}"
                + "{{ x | trim }}{{ x | tojson }}");
    var output = template.render(Map.of("x", content), JinjaTemplateTest.NOW);
    assertTrue(output.text().length() > 2 * content.length());
  }
}
