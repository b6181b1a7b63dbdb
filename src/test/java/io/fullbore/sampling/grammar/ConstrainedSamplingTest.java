package io.fullbore.sampling.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import io.fullbore.core.Constraint;
import io.fullbore.core.SamplingParams;
import io.fullbore.sampling.Sampler;
import io.fullbore.sampling.TokenHistory;
import io.fullbore.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Random schemas, and answers drawn from random logits over the demo model's vocabulary: whatever
 * ends by itself is JSON that another library finds valid.
 */
class ConstrainedSamplingTest {
  private static final int SCHEMAS = 500;
  private static final int ANSWERS = 3;
  private static final int MAX_TOKENS = 1_500;
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonSchemaFactory VALIDATORS =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
  private static final SchemaValidatorsConfig STRICT =
      SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();

  private static final Tokenizer TOKENIZER = Vocabularies.demo();
  private static final int SIZE = TOKENIZER.vocabulary().size();
  private static final Grammars GRAMMARS = new Grammars(SIZE, id -> TOKENIZER.bytesOf(id, false));

  /** An answer that grows. */
  private static final class Answer implements TokenHistory {
    private final int[] tokens = new int[MAX_TOKENS];
    private int count;

    @Override
    public int tokenCount() {
      return count;
    }

    @Override
    public int promptTokenCount() {
      return 0;
    }

    @Override
    public int token(int index) {
      return tokens[index];
    }

    String text() {
      var bytes = new ByteArrayOutputStream();
      for (int i = 0; i < count; i++) {
        bytes.writeBytes(TOKENIZER.bytesOf(tokens[i], false));
      }
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  @Test
  void whatEndsIsValid() throws Exception {
    int ended = 0;
    int compiled = 0;
    for (int seed = 0; seed < SCHEMAS; seed++) {
      JsonNode schema = new RandomSchemas(seed).document();
      TokenGrammar grammar;
      try {
        grammar = GRAMMARS.compile(new Constraint(Constraint.Kind.JSON_SCHEMA, schema.toString()));
      } catch (GrammarException e) {
        continue;
      }
      compiled++;
      for (int answer = 0; answer < ANSWERS; answer++) {
        String text = sample(grammar, seed * 31L + answer);
        if (text != null) {
          ended++;
          validate(schema, text, seed);
        }
      }
    }
    assertTrue(compiled > SCHEMAS * 0.8, "compiled=" + compiled);
    assertTrue(ended > compiled * ANSWERS * 0.7, "ended=%d compiled=%d".formatted(ended, compiled));
  }

  private static void validate(JsonNode schema, String text, int seed) throws Exception {
    JsonNode value;
    try {
      value = MAPPER.readTree(text);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      fail("seed=%d schema=%s gave no JSON: %s".formatted(seed, schema, text), e);
      return;
    }
    var errors = VALIDATORS.getSchema(schema, STRICT).validate(value);
    assertEquals(Set.of(), errors, "seed=%d schema=%s text=%s".formatted(seed, schema, text));
  }

  /** Null where it did not end in time. */
  private static String sample(TokenGrammar grammar, long seed) {
    Random random = new Random(seed);
    Set<Integer> stops = TOKENIZER.vocabulary().endOfGenerationIds();
    SamplingParams params =
        new SamplingParams(1, 0, 1, 0, 0, 0, 1, Map.of(), seed, MAX_TOKENS, stops, -1, -1);
    Sampler sampler = new Sampler(SIZE);
    Answer answer = new Answer();
    GrammarCursor cursor = grammar.cursor(stops, answer);
    float[] logits = new float[SIZE];
    byte[] closing = "\"}],0-:".getBytes(StandardCharsets.UTF_8);
    while (answer.count < MAX_TOKENS) {
      for (int id = 0; id < SIZE; id++) {
        logits[id] = random.nextFloat() * 4;
      }
      // Something has to bring long answers to an end.
      for (byte mark : closing) {
        for (int id : TOKENIZER.encode(Character.toString(mark))) {
          logits[id] += answer.count / 30f;
        }
      }
      int token = sampler.sample(logits, 0, params, answer, cursor.mask());
      assertTrue(token >= 0, "nothing is allowed after: " + answer.text());
      if (stops.contains(token)) {
        return answer.text();
      }
      answer.tokens[answer.count++] = token;
      if (cursor.isComplete()) {
        return answer.text();
      }
    }
    return null;
  }

  @Test
  void aStopTokenIsAllowedOnlyWhereTheAnswerMayEnd() {
    TokenGrammar grammar = GRAMMARS.compile(new Constraint(Constraint.Kind.REGEX, "ab*"));
    Answer answer = new Answer();
    Set<Integer> stops = TOKENIZER.vocabulary().endOfGenerationIds();
    int stop = stops.iterator().next();
    GrammarCursor cursor = grammar.cursor(stops, answer);
    assertTrue(!TokenMasksTest.isAllowed(cursor.mask(), stop));
    for (int id : TOKENIZER.encode("ab")) {
      answer.tokens[answer.count++] = id;
    }
    if (answer.text().equals("ab")) {
      assertTrue(TokenMasksTest.isAllowed(cursor.mask(), stop));
    }
    int[] others = Arrays.copyOf(cursor.mask(), (SIZE + 31) / 32);
    for (int id = 0; id < SIZE; id++) {
      if (TOKENIZER.vocabulary().type(id).isSpecial() && !stops.contains(id)) {
        assertTrue(!TokenMasksTest.isAllowed(others, id));
      }
    }
  }
}
