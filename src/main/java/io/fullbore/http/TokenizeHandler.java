package io.fullbore.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.chat.ChatTemplateException;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.fullbore.http.wire.TokenizeRequest;
import io.fullbore.serving.Prompt;
import io.fullbore.serving.PromptEncoder;
import io.fullbore.serving.ServedModel;
import io.fullbore.tokenizer.Tokenizer;
import io.fullbore.tokenizer.Vocabulary;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.BiConsumer;

/** {@code POST /tokenize}: the token ids of a text or a chat, as a completion would see them. */
final class TokenizeHandler implements BiConsumer<RoutingContext, RequestBody> {
  private final RequestParser parser;
  private final RequestLimit limit;
  private final BoundedWorkers workers;
  private final ModelCatalog catalog;

  TokenizeHandler(
      RequestParser parser, RequestLimit limit, BoundedWorkers workers, ModelCatalog catalog) {
    this.parser = parser;
    this.limit = limit;
    this.workers = workers;
    this.catalog = catalog;
  }

  @Override
  public void accept(RoutingContext context, RequestBody body) {
    parser.parse(
        context,
        body,
        TokenizeRequest::read,
        request ->
            limit.admit(
                context, Requesters.of(context).account(null), () -> tokenize(context, request)));
  }

  private void tokenize(RoutingContext context, TokenizeRequest request) {
    ServedModel model = catalog.find(request.model());
    Failure refusal = catalog.localRefusal(Authenticator.caller(context), request.model());
    if (model == null || refusal != null) {
      JsonReply.error(context.request(), ApiError.of(refusal, ""));
      return;
    }
    workers.run(
        context,
        () -> reply(request, model),
        reply -> JsonReply.send(context.response(), reply.status, reply.json));
  }

  private record Reply(int status, String json) {}

  private static Reply reply(TokenizeRequest request, ServedModel model) {
    try {
      return new Reply(200, answer(request, model));
    } catch (ChatTemplateException e) {
      ApiError error = refusedByTemplate(e);
      return new Reply(error.status(), error.json());
    }
  }

  private static ApiError refusedByTemplate(ChatTemplateException e) {
    return ApiError.of(
        new Failure.InvalidRequest(
            "The model's chat template does not take these messages: " + e.getMessage(),
            "messages",
            "invalid_value"),
        "");
  }

  private static String answer(TokenizeRequest request, ServedModel model) {
    int[] ids = ids(request, model);
    return JsonText.object(
        json -> {
          if (request.bare()) {
            writePieces(json, ids, model.tokenizer(), request.withTexts());
          } else {
            writeTokens(json, ids, model, request.withTexts());
          }
        });
  }

  private static int[] ids(TokenizeRequest request, ServedModel model) {
    Tokenizer tokenizer = model.tokenizer();
    return switch (request.prompt()) {
      case Prompt.Chat chat -> PromptEncoder.chatIds(chat, model, request.addGenerationPrompt());
      case Prompt.Text(String text) ->
          request.addSpecialTokens()
              ? PromptEncoder.withBos(tokenizer, tokenizer.encode(text))
              : tokenizer.encode(text);
      case Prompt.Tokens tokens -> throw new IllegalStateException("tokens are tokens already");
    };
  }

  /** vLLM's form; texts as the vocabulary spells them. */
  private static void writeTokens(
      JsonGenerator json, int[] ids, ServedModel model, boolean withTexts) throws IOException {
    json.writeNumberField("count", ids.length);
    json.writeNumberField("max_model_len", model.contextTokens());
    json.writeFieldName("tokens");
    json.writeArray(ids, 0, ids.length);
    if (withTexts) {
      Vocabulary vocabulary = model.tokenizer().vocabulary();
      json.writeArrayFieldStart("token_strs");
      for (int id : ids) {
        json.writeString(vocabulary.text(id));
      }
      json.writeEndArray();
    } else {
      json.writeNullField("token_strs");
    }
  }

  /** llama.cpp's form; a piece that is no text is an array of its bytes. */
  private static void writePieces(
      JsonGenerator json, int[] ids, Tokenizer tokenizer, boolean withTexts) throws IOException {
    json.writeArrayFieldStart("tokens");
    for (int id : ids) {
      if (!withTexts) {
        json.writeNumber(id);
        continue;
      }
      byte[] bytes = tokenizer.bytesOf(id, true);
      String text = new String(bytes, StandardCharsets.UTF_8);
      json.writeStartObject();
      json.writeNumberField("id", id);
      json.writeFieldName("piece");
      if (Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes)) {
        json.writeString(text);
      } else {
        json.writeStartArray();
        for (byte part : bytes) {
          json.writeNumber(Byte.toUnsignedInt(part));
        }
        json.writeEndArray();
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
