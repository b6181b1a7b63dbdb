package io.fullbore.app;

import io.fullbore.chat.ChatMessage;
import io.fullbore.config.ConfigException;
import io.fullbore.core.Account;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.CompletionService;
import io.fullbore.serving.Prompt;
import io.fullbore.serving.ToolOffer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fullbore chat}: a conversation in the terminal with a model in this process. */
@Command(
    name = "chat",
    description = {
      "Talks with a model in the terminal; answers are streamed.",
      "An empty line or the end of the input ends the conversation."
    },
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init")
final class ChatCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = "GGUF file instead of the first configured model; without any, a demo model.")
  private @Nullable Path model;

  @Option(names = "--system", description = "System prompt.")
  private @Nullable String system;

  @Option(names = "--temperature", description = "0 is greedy.", defaultValue = "0.7")
  private float temperature;

  @Option(names = "--max-tokens", description = "Tokens per answer.", defaultValue = "512")
  private int maxTokens;

  @Option(names = "--seed", description = "Same seed, same answers.")
  private @Nullable Long seed;

  @Mixin private ConfigOptions config;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, ConfigException, UsageException {
    if (!(temperature >= 0 && temperature <= 2) || maxTokens < 1) {
      throw new UsageException("--temperature must be in [0, 2], --max-tokens at least 1");
    }
    try (Assembly assembly = Assembly.start(config.readWithModels(model, Map.of()))) {
      assembly.startEngines();
      String name = assembly.models().firstKey();
      Context context = assembly.vertx().getOrCreateContext();
      var service = assembly.terminalService();
      onContext(context, service::start).await();
      PrintWriter out = spec.commandLine().getOut();
      out.println(name + " listens. An empty line ends.");
      return converse(name, context, service, out);
    }
  }

  private int converse(String name, Context context, CompletionService service, PrintWriter out)
      throws IOException {
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.of("system", system));
    }
    String line = ask(input, out);
    while (!line.isBlank()) {
      messages.add(ChatMessage.of("user", line));
      CompletionCall call = call(name, messages);
      TerminalSink sink = new TerminalSink(out);
      onContext(
              context,
              () -> {
                service.complete(call, sink);
                return sink.ended();
              })
          .await();
      out.println();
      if (sink.failure() != null) {
        out.println("fullbore: " + sink.failure().message());
        out.flush();
        return Main.FAILED;
      }
      messages.add(ChatMessage.of("assistant", sink.text()));
      line = ask(input, out);
    }
    return 0;
  }

  private static String ask(BufferedReader input, PrintWriter out) throws IOException {
    out.print("> ");
    out.flush();
    String line = input.readLine();
    return line == null ? "" : line;
  }

  private CompletionCall call(String name, List<ChatMessage> messages) {
    var sampling =
        new CompletionCall.Sampling(
            temperature, 0, 1, 0, 0, 0, 1, Map.of(), seed, Set.of(), false, -1, -1);
    return new CompletionCall(
        name,
        Account.ANONYMOUS,
        List.of(new Prompt.Chat(messages, ToolOffer.NONE, Map.of(), null)),
        1,
        sampling,
        List.of(),
        maxTokens);
  }

  private interface Action<T> {
    Future<T> run();
  }

  private static <T> Future<T> onContext(Context context, Action<T> action) {
    Promise<T> promise = Promise.promise();
    context.runOnContext(ignored -> action.run().onComplete(promise));
    return promise.future();
  }
}
