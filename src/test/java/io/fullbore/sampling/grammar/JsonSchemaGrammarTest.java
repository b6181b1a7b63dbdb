package io.fullbore.sampling.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Constraint;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each keyword: what it lets in, what it keeps out, and what is refused. Quotes are written '. */
class JsonSchemaGrammarTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'type':'string'}                                   | 'ab'              | 'a'b'
          {'type':'string'}                                   | 'é\\n\\u00e9\\ud83d\\ude00' | '\\ud83d'
          {'type':'string','minLength':2,'maxLength':3}       | 'ab'              | 'a'
          {'type':'string','minLength':2,'maxLength':3}       | 'éé😀'            | 'abcd'
          {'type':'string','minLength':2,'maxLength':3}       | '\\ud83d\\ude00b' | '\\n'
          {'type':'string','minLength':1}                     | 'abc'             | ''
          {'type':'string','pattern':'^a+$'}                  | 'aaa'             | 'ab'
          {'type':'string','pattern':'a'}                     | 'bab'             | 'bb'
          {'type':'string','pattern':'^[a-z]{2}','maxLength':2} | !maxLength      | -
          {'type':'string','pattern':'^[a-z]{2}$','maxLength':2} | 'ab'           | 'abc'
          {'type':'string','pattern':'^\\"\\\\\\\\$'}         | '\\'\\\\'         | '\\'
          {'type':'string','format':'date'}                   | '2024-01-31'      | '2024-02-30'
          {'type':'string','format':'date-time'}              | '2024-01-31T23:59:59Z' | '2024-01-31'
          {'type':'string','format':'uuid'}                   | '01234567-89ab-cdef-0123-456789abcdef' | '0'
          {'type':'string','format':'email'}                  | 'a.b@c.de'        | 'a@'
          {'type':'string','format':'ipv4'}                   | '127.0.0.1'       | '256.0.0.1'
          {'type':'string','format':'iri'}                    | !format           | -
          {'type':'integer'}                                  | -12               | 1.5
          {'type':'integer'}                                  | 0                 | 01
          {'type':'number'}                                   | -1.5e10           | 1.
          {'type':'integer','minimum':3,'maximum':120}        | 99                | 2
          {'type':'integer','minimum':3,'maximum':120}        | 120               | 121
          {'type':'integer','exclusiveMinimum':3}             | 4                 | 3
          {'type':'integer','maximum':-5}                     | -5                | -4
          {'type':'integer','minimum':-5,'maximum':5}         | -5                | -6
          {'type':'integer','multipleOf':7}                   | 21                | 22
          {'type':'integer','multipleOf':5,'minimum':10,'maximum':20} | 15        | 5
          {'type':'number','multipleOf':0.01}                 | 1.25              | 1.255
          {'type':'number','multipleOf':0.3}                  | !multipleOf       | -
          {'type':'number','minimum':0.5,'maximum':1.25}      | 1.249             | 1.251
          {'type':'number','minimum':0.5,'maximum':1.25}      | 0.5               | 0.49
          {'type':'number','exclusiveMinimum':0}              | 0.001             | 0.000
          {'type':'number','minimum':-2.5,'maximum':-1.5}     | -2.0              | -2.51
          {'type':'number','exclusiveMaximum':1}              | 0.999             | 1.0
          {'type':'boolean'}                                  | true              | True
          {'type':'null'}                                     | null              | ''
          {'type':['string','null']}                          | null              | 1
          {'type':'string','nullable':true}                   | null              | 1
          {'enum':['a',1,null,{'b':[2]}]}                     | {'b':[2]}         | 'b'
          {'type':'string','enum':['a',1]}                    | 'a'               | 1
          {'enum':['a','abc'],'minLength':2}                  | 'abc'             | 'a'
          {'const':'x'}                                       | 'x'               | 'y'
          {'anyOf':[{'type':'integer'},{'const':'a'}]}        | 'a'               | 'b'
          {'anyOf':[{'minimum':1},{'maximum':-1}],'type':'integer'} | -1          | 0
          {'oneOf':[{'type':'integer'},{'type':'string'}]}    | 12                | true
          {'oneOf':[{'type':'integer'},{'type':'number'}]}    | !oneOf            | -
          {'allOf':[{'type':'integer'},{'minimum':3}]}        | 3                 | 2
          {'allOf':[{'type':'string'},{'pattern':'a'},{'pattern':'b'}]} | !pattern | -
          {'type':'array'}                                    | [1,'a',[]]        | [1,]
          {'type':'array','items':{'type':'integer'}}         | [1, 2]            | ['a']
          {'type':'array','items':{'type':'integer'},'minItems':2,'maxItems':3} | [1,2] | [1]
          {'type':'array','items':{'type':'integer'},'minItems':2,'maxItems':3} | [1,2,3] | [1,2,3,4]
          {'type':'array','items':{'type':'integer'},'maxItems':0} | []           | [1]
          {'prefixItems':[{'type':'integer'},{'type':'string'}],'items':{'type':'null'}} | [1,'a',null] | ['a']
          {'prefixItems':[{'type':'integer'}],'items':false}  | [1]               | [1,2]
          {'type':'array','uniqueItems':true}                 | !uniqueItems      | -
          {'type':'object'}                                   | {'a': {}}         | {'a'}
          {'properties':{'a':{'type':'integer'}}}             | {}                | {'b':1}
          {'properties':{'a':{'type':'integer'}},'required':['a']} | {'a':1}      | {}
          {'properties':{'a':{},'b':{},'c':{}},'required':['b']} | {'b':1,'c':2}  | {'a':1,'c':2}
          {'properties':{'a':{},'b':{}}}                      | {'a':1,'b':1}     | {'b':1,'a':1}
          {'properties':{'a':{'type':'integer'}},'additionalProperties':{'type':'null'}} | {'a':1,'ab':null} | {'a':1,'b':1}
          {'properties':{'a':{'type':'integer'}},'additionalProperties':true} | {'b':1} | {'b':1,'a':'x'}
          {'required':['z']}                                  | {'z':1,'y':2}     | {'y':2}
          {'properties':{'a':false,'b':{}}}                   | {'b':1}           | {'a':1}
          {'type':'object','patternProperties':{'a':{}}}      | !patternProperties | -
          {'type':'object','minProperties':1}                 | !minProperties    | -
          {'not':{}}                                          | !not              | -
          {'$ref':'#/$defs/n','$defs':{'n':{'type':'null'}}}  | null              | 1
          {'$ref':'other.json'}                               | !$ref             | -
          {'type':'object','x-note':1,'title':'t','properties':{}} | {}           | {'a':1}
          """)
  void aSchemaLetsInAndKeepsOut(String schema, String fits, String misfits) {
    if (fits.startsWith("!")) {
      var refused = assertThrows(UnsupportedSchemaException.class, () -> Texts.schema(schema));
      assertEquals(fits.substring(1), refused.keyword());
      assertEquals("$", refused.path());
      return;
    }
    Grammar grammar = Texts.schema(schema);
    assertTrue(Texts.accepts(grammar, quoted(fits)), fits);
    assertTrue(!Texts.accepts(grammar, quoted(misfits)), misfits);
  }

  private static String quoted(String text) {
    return text.replace('\'', '"');
  }

  @Test
  void aSchemaThatContainsItselfIsATree() {
    Grammar tree =
        Texts.schema(
            """
            {'$ref':'#/$defs/node','$defs':{'node':{'type':'object','required':['v'],'properties':{
              'v':{'type':'integer'},'next':{'anyOf':[{'$ref':'#/$defs/node'},{'type':'null'}]}}}}}\
            """);
    assertTrue(Texts.accepts(tree, "{\"v\":1,\"next\":{\"v\": 2,\"next\":null}}"));
    assertTrue(!Texts.accepts(tree, "{\"v\":1,\"next\":{\"next\":null}}"));
  }

  @Test
  void aReferenceBesideOtherKeywordsIsMerged() {
    Grammar grammar =
        Texts.schema(
            """
            {'allOf':[{'$ref':'#/$defs/a'}],'properties':{'b':{'type':'integer'}},'required':['b'],
             '$defs':{'a':{'properties':{'a':{'type':'string'}},'required':['a']}}}\
            """);
    assertTrue(Texts.accepts(grammar, "{\"b\":1,\"a\":\"x\"}"));
    assertTrue(!Texts.accepts(grammar, "{\"b\":1}"));
  }

  @Test
  void taggedAlternativesAreToldApart() {
    Grammar grammar =
        Texts.schema(
            """
            {'oneOf':[
              {'properties':{'kind':{'const':'a'},'x':{'type':'integer'}},'required':['kind']},
              {'properties':{'kind':{'const':'b'},'x':{'type':'string'}},'required':['kind']}]}\
            """);
    assertTrue(Texts.accepts(grammar, "{\"kind\":\"b\",\"x\":\"1\"}"));
    assertTrue(!Texts.accepts(grammar, "{\"kind\":\"a\",\"x\":\"1\"}"));
  }

  @Test
  void whitespaceIsBounded() {
    Grammar grammar =
        Texts.schema("{'properties':{'a':{'type':'array','items':{'type':'integer'}}}}");
    assertTrue(Texts.accepts(grammar, "{\n  \"a\": [\n    1,\n    2\n  ]\n}"));
    assertTrue(Texts.accepts(grammar, "{\"a\":[1,2]}"));
    assertTrue(!Texts.accepts(grammar, "{  \"a\":[1,2]}"));
    assertTrue(!Texts.accepts(grammar, "{\n\n\"a\":[1,2]}"));
  }

  @Test
  void aPathNamesTheSchemaAtFault() {
    var refused =
        assertThrows(
            UnsupportedSchemaException.class,
            () ->
                Texts.schema(
                    "{'properties':{'a':{'items':{'anyOf':[{},{'type':'string','format':'x'}]}}}}"));
    assertEquals("$.properties.a.items.anyOf[1]", refused.path());
  }

  @Test
  void aSchemaThatNothingFitsIsRefused() {
    for (String schema :
        new String[] {
          "false",
          "{'type':'integer','minimum':3,'maximum':2}",
          "{'type':'array','minItems':3,'maxItems':2}",
          "{'enum':[]}",
          "{'properties':{'a':false},'required':['a']}",
          "{'$ref':'#'}",
          "{'allOf':[{'$ref':'#'},{'type':'null'}]}",
          "{'anyOf':[{'$ref':'#'}]}"
        }) {
      assertThrows(GrammarException.class, () -> Texts.schema(schema), schema);
    }
  }

  @Test
  void aHostileSchemaEndsSoon() {
    var doubling = new StringBuilder("{'$ref':'#/$defs/a0','$defs':{");
    for (int i = 0; i < 45; i++) {
      int next = i + 1;
      doubling.append(
          "'a%d':{'allOf':[{'$ref':'#/$defs/a%d'},{'$ref':'#/$defs/a%d'}]},"
              .formatted(i, next, next));
    }
    doubling.append("'a45':{'type':'integer'}}}");
    String nested = "{'items':".repeat(150) + "{}" + "}".repeat(150);
    String growing =
        "{'$ref':'#/$defs/n','$defs':{'n':{'properties':{'a':{'allOf':[{'$ref':'#/$defs/n'},"
            + "{'properties':{'a':{'minProperties':0,'allOf':[{'$ref':'#/$defs/n'}]}}}]}}}}}";
    String wide =
        "{'enum':[%s]}"
            .formatted(
                IntStream.range(0, 20_000)
                    .mapToObj(i -> "'value " + i + "'")
                    .collect(Collectors.joining(",")));
    for (String schema :
        List.of(
            doubling.toString(),
            nested,
            growing,
            wide,
            "{'maxItems':100000000}",
            "{'type':'string','minLength':2000000000}",
            "{'type':'string','pattern':'^(a{1000}){1000}$'}",
            "{'properties':[]}",
            "{'anyOf':{}}",
            "[]",
            "1")) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(10),
          () ->
              assertThrows(
                  GrammarException.class, () -> Texts.schema(schema), () -> beginning(schema)),
          () -> beginning(schema));
    }
  }

  private static String beginning(String schema) {
    return schema.substring(0, Math.min(80, schema.length()));
  }

  @Test
  void anEnumOfThousandsIsOneLookUpPerByte() {
    String values =
        IntStream.range(0, 5_000).mapToObj(i -> "'v" + i + "'").collect(Collectors.joining(","));
    Grammar grammar = Texts.schema("{'enum':[" + values + "]}");
    assertTrue(Texts.accepts(grammar, "\"v4321\""));
    assertTrue(!Texts.accepts(grammar, "\"v5000\""));
  }

  @Test
  void anyObjectIsAnObject() {
    Grammar object = Grammar.of(Constraint.jsonObject());
    assertTrue(Texts.accepts(object, "{\"a\": [1, {\"b\": null}], \"c\": -0.5e+3}"));
    assertTrue(!Texts.accepts(object, "[1]"));
  }

  @Test
  void aLongStringTakesFewRules() {
    Grammar grammar = Texts.schema("{'type':'string','minLength':1000,'maxLength':100000}");
    assertTrue(Texts.accepts(grammar, "\"" + "a".repeat(1000) + "\""));
    assertTrue(Texts.accepts(grammar, "\"" + "é".repeat(4321) + "\""));
    assertTrue(Texts.accepts(grammar, "\"" + "a".repeat(100000) + "\""));
    assertTrue(!Texts.accepts(grammar, "\"" + "a".repeat(999) + "\""));
    assertTrue(!Texts.accepts(grammar, "\"" + "a".repeat(100001) + "\""));
  }
}
