package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
  private static Map<String, Object> llama() {
    Map<String, Object> values = new HashMap<>();
    values.put("general.architecture", "llama");
    values.put("llama.embedding_length", 64L);
    values.put("llama.block_count", 2L);
    values.put("llama.feed_forward_length", 96L);
    values.put("llama.context_length", 128L);
    values.put("llama.vocab_size", 320L);
    values.put("llama.attention.head_count", 4L);
    values.put("llama.attention.head_count_kv", 2L);
    return values;
  }

  @Test
  void fillsInWhatAFileNeedNotSay() {
    Architecture architecture = Architecture.of(new Metadata(llama()));
    assertEquals(16, architecture.headDim());
    assertEquals(16, architecture.ropeDim());
    assertEquals(10_000, architecture.ropeBase());
    assertEquals(1, architecture.ropeScale());
    assertEquals(64, architecture.queryDim());
    assertEquals(32, architecture.kvDim());
    assertEquals(RopePairing.ADJACENT, architecture.pairing());
  }

  @Test
  void namesTheFamiliesItKnowsWhenItDoesNotKnowOne() {
    Map<String, Object> values = llama();
    values.put("general.architecture", "mamba");
    var refused =
        assertThrows(ModelFormatException.class, () -> Architecture.of(new Metadata(values)));
    assertTrue(refused.getMessage().contains("llama, qwen2, qwen3"), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "block_count, 0",
    "block_count, 1000000",
    "embedding_length, -1",
    "embedding_length, 99999999999",
    "attention.head_count_kv, 3",
    "attention.head_count_kv, 8",
    "attention.key_length, 33",
    "attention.key_length, 1048576",
    "attention.value_length, 8",
    "rope.dimension_count, 15",
    "rope.dimension_count, 32",
    "context_length, 0",
    "vocab_size, 0"
  })
  void refusesAShapeThatCannotBe(String key, long value) {
    Map<String, Object> values = llama();
    values.put("llama." + key, value);
    assertThrows(ModelFormatException.class, () -> Architecture.of(new Metadata(values)));
  }

  @Test
  void refusesAKindOfRopeScalingItDoesNotKnow() {
    Map<String, Object> values = llama();
    values.put("llama.rope.scaling.type", "yarn");
    assertThrows(ModelFormatException.class, () -> Architecture.of(new Metadata(values)));
    values.put("llama.rope.scaling.type", "linear");
    values.put("llama.rope.scaling.factor", 4.0);
    assertEquals(4, Architecture.of(new Metadata(values)).ropeScale());
  }
}
