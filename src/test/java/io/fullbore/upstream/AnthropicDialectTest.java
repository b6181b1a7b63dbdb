package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.config.UpstreamConfig;
import io.fullbore.core.Failure;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Where and how Anthropic's API is asked; what is asked is {@link AnthropicRequestTest}'s. */
class AnthropicDialectTest {
  private static final UpstreamConfig.UpstreamModel MODEL =
      new UpstreamConfig.UpstreamModel("claude-sonnet-4-6", 4_096, 0, 0);

  @Test
  void messagesAreAskedForWithTheKeyAndTheVersion() {
    var dialect = new AnthropicDialect(upstream("sk-ant-1", null));
    assertEquals("/messages", dialect.path(AnthropicRequestTest.chat("{}"), "claude-sonnet-4-6"));
    assertEquals(
        Map.of("x-api-key", "sk-ant-1", "anthropic-version", "2023-06-01"), dialect.headers());
  }

  @Test
  void theConfiguredVersionIsSentAndNoKeyWhereThereIsNone() {
    assertEquals(
        Map.of("anthropic-version", "2027-01-01"),
        new AnthropicDialect(upstream(null, "2027-01-01")).headers());
  }

  @Test
  void aChatIsSentAsTheUpstreamsModelAndLeftAlone() {
    var dialect = new AnthropicDialect(upstream("k", null));
    ForwardedCall call =
        AnthropicRequestTest.chat(
            """
            {"model":"smart","messages":[{"role":"user","content":"Hi"}]}\
            """);
    ObjectNode before = call.body().deepCopy();
    assertTrue(dialect.misfit(call).isEmpty());
    ObjectNode body = dialect.body(call, MODEL);
    assertEquals("claude-sonnet-4-6", body.path("model").asText());
    assertEquals(4_096, body.path("max_tokens").asInt());
    assertEquals(before, call.body());
    assertTrue(dialect.translator(call).isPresent());
  }

  @Test
  void whatWasWrittenForTheApiGoesOutAsItCame() {
    var dialect = new AnthropicDialect(upstream("k", null));
    ForwardedCall chat = AnthropicRequestTest.chat("{\"model\":\"smart\",\"messages\":[],\"n\":5}");
    ObjectNode original =
        new ObjectMapper().createObjectNode().put("model", "smart").put("x_new", 1);
    var call = new ForwardedCall(chat.endpoint(), chat.body(), false, false, 1, null, 0, original);
    assertTrue(dialect.misfit(call).isEmpty());
    assertEquals(
        "{\"model\":\"claude-sonnet-4-6\",\"x_new\":1}", dialect.body(call, MODEL).toString());
    assertEquals("smart", original.path("model").asText());
  }

  @Test
  void textCompletionsAreForOthers() {
    var call =
        new ForwardedCall(
            ForwardedCall.Endpoint.COMPLETIONS,
            new ObjectMapper().createObjectNode().put("prompt", "Once"),
            false,
            false,
            1,
            null,
            0);
    UpstreamFailure misfit = new AnthropicDialect(upstream("k", null)).misfit(call).orElseThrow();
    assertTrue(misfit.elsewhere());
    assertTrue(misfit.failure() instanceof Failure.InvalidRequest);
  }

  @Test
  void aMisfitNamesTheParameter() {
    var dialect = new AnthropicDialect(upstream("k", null));
    UpstreamFailure misfit =
        dialect
            .misfit(
                AnthropicRequestTest.chat(
                    """
                    {"messages":[{"role":"user","content":"Hi"}],"n":2}\
                    """))
            .orElseThrow();
    assertTrue(misfit.elsewhere());
    assertEquals(
        new Failure.InvalidRequest(
            "Unsupported parameter: 'n' cannot be passed on to this model's API.",
            "n",
            "unsupported_parameter"),
        misfit.failure());
  }

  @Test
  void whatIsWrongForEverybodyIsNotSentElsewhere() {
    var dialect = new AnthropicDialect(upstream("k", null));
    for (String body : List.of("{}", "{\"messages\":7}", "{\"messages\":[{\"role\":true}]}")) {
      assertFalse(dialect.misfit(AnthropicRequestTest.chat(body)).orElseThrow().elsewhere(), body);
    }
  }

  private static UpstreamConfig.Upstream upstream(
      @Nullable String apiKey, @Nullable String apiVersion) {
    return new UpstreamConfig.Upstream(
        "claude",
        UpstreamConfig.Dialect.ANTHROPIC,
        "https://api.anthropic.com/v1",
        apiKey,
        null,
        apiVersion,
        List.of(),
        List.of(MODEL),
        64,
        128,
        5_000,
        0,
        0,
        3_000,
        60_000,
        30_000,
        2,
        false);
  }
}
