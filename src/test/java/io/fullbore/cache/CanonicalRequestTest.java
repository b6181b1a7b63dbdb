package io.fullbore.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalRequestTest {
  private static final String BODY =
      """
      {"model": "m", "messages": [{"role": "user", "content": "Hi there"}], "temperature": 0}\
      """;

  private static String digest(String json) throws JsonProcessingException {
    return HexFormat.of().formatHex(CanonicalRequest.digest(new ObjectMapper().readTree(json)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"temperature\":0,\"messages\":[{\"content\":\"Hi"
            + " there\",\"role\":\"user\"}],\"model\":\"m\"}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0.0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\" Hi there\\n"
            + "\"}],\"temperature\":0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0,\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0,\"user\":\"bob\",\"metadata\":{\"a\":\"b\"}}",
      })
  void whatChangesNoAnswerChangesNoDigest(String same) throws JsonProcessingException {
    assertEquals(digest(BODY), digest(same));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\":\"n\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi "
            + " there\"}],\"temperature\":0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi"
            + " there\"}],\"temperature\":0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":1e-9}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":\"0\"}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0,\"seed\":null}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"}],\"temperature\":0,\"nobody_knows\":1}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi"
            + " there\"},{\"role\":\"user\",\"content\":\"\"}],\"temperature\":0}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi"
            + " there\"}]}],\"temperature\":0}",
      })
  void everythingElseDoes(String other) throws JsonProcessingException {
    assertNotEquals(digest(BODY), digest(other));
  }

  @Test
  void onlyTextsOfMessagesAreStripped() throws JsonProcessingException {
    assertNotEquals(digest("{\"prompt\":\"a\"}"), digest("{\"prompt\":\"a \"}"));
    assertNotEquals(digest("{\"stop\":\"a\"}"), digest("{\"stop\":\"a \"}"));
    assertNotEquals(
        digest("{\"guided_json\":{\"properties\":{\"a\":{},\"b\":{}}}}"),
        digest("{\"guided_json\":{\"properties\":{\"b\":{},\"a\":{}}}}"));
    assertNotEquals(digest("{\"grammar\":\"a\"}"), digest("{\"guided_grammar\":\"a\"}"));
    assertNotEquals(
        digest("{\"tools\":[{\"content\":\"a\"}]}"), digest("{\"tools\":[{\"content\":\"a \"}]}"));
    assertEquals(
        digest("{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]}"),
        digest("{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\" a\"}]}]}"));
  }

  @Test
  void noTextPretendsToBeStructure() throws JsonProcessingException {
    assertNotEquals(digest("{\"a\":\"x\\\"1:b\"}"), digest("{\"a\":\"x\",\"b\":\"\"}"));
    assertNotEquals(digest("{\"a\":[\"b\",\"c\"]}"), digest("{\"a\":[\"b,c\"]}"));
  }

  @Test
  void numbersBeyondDoublesAreTaken() throws JsonProcessingException {
    assertNotEquals(digest("{\"a\":1e999}"), digest("{\"a\":-1e999}"));
    assertNotEquals(digest("{\"a\":%s}".formatted("9".repeat(300))), digest("{\"a\":9}"));
  }

  @Test
  void theHashTellsEndpointsAndVersionsApart() {
    byte[] body = new byte[32];
    String hash = CanonicalRequest.hash("/v1/completions", "v1", body);
    assertEquals(64, hash.length());
    assertNotEquals(hash, CanonicalRequest.hash("/v1/completions", "v2", body));
    assertNotEquals(hash, CanonicalRequest.hash("/v1/chat/completions", "v1", body));
  }

  @Test
  void accountsOfAnyNameHaveAKey() {
    String hash = "0".repeat(64);
    assertEquals("user:k1.bob:" + hash, CacheKey.ofUser("k1.bob", hash).toString());
    assertEquals("shared:" + hash, CacheKey.shared(hash).toString());
    String odd = CacheKey.ofUser("k1.a b:c\n", hash).toString();
    assertEquals("user:~".length() + 64 + 1 + 64, odd.length());
    assertNotEquals(odd, CacheKey.ofUser("k1.a b:c", hash).toString());
  }
}
