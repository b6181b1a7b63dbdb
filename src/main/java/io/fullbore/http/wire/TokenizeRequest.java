package io.fullbore.http.wire;

import io.fullbore.serving.Prompt;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * A request to {@code /tokenize}, in vLLM's form ({@code prompt} or {@code messages}) or in
 * llama.cpp's ({@code content}).
 *
 * @param model null where the caller names none
 * @param prompt a text or a chat
 * @param addSpecialTokens whether a text gets the beginning-of-sequence token where the model wants
 *     one; a chat always does
 * @param addGenerationPrompt whether the beginning of the answer follows a chat
 * @param withTexts whether the tokens' texts are wanted too
 * @param bare whether the answer is in llama.cpp's form
 */
public record TokenizeRequest(
    @Nullable String model,
    Prompt prompt,
    boolean addSpecialTokens,
    boolean addGenerationPrompt,
    boolean withTexts,
    boolean bare) {

  /**
   * @throws InvalidRequestException at the first mistake
   */
  public static TokenizeRequest read(Buffer body) {
    JsonFields fields = JsonValue.parse(body).fields();
    String model = fields.string("model");
    TokenizeRequest request;
    if (fields.has("content")) {
      request =
          new TokenizeRequest(
              model,
              new Prompt.Text(fields.require("content").string()),
              fields.flag("add_special", false),
              false,
              fields.flag("with_pieces", false),
              true);
    } else if (fields.has("messages")) {
      request =
          new TokenizeRequest(
              model,
              new Prompt.Chat(
                  MessagesReader.read(fields.require("messages")),
                  ToolsReader.read(fields),
                  ChatRequestReader.templateVariables(fields),
                  null),
              true,
              fields.flag("add_generation_prompt", true),
              fields.flag("return_token_strs", false),
              false);
    } else {
      request =
          new TokenizeRequest(
              model,
              new Prompt.Text(fields.require("prompt").string()),
              fields.flag("add_special_tokens", true),
              false,
              fields.flag("return_token_strs", false),
              false);
    }
    fields.finish();
    return request;
  }
}
