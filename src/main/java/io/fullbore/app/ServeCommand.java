package io.fullbore.app;

import io.fullbore.config.ConfigException;
import io.fullbore.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fullbore serve}. */
@Command(
    name = "serve",
    description = "Serves models over HTTP until it is told to stop (SIGINT, SIGTERM).",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init")
final class ServeCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      paramLabel = "FILE",
      description =
          "GGUF file to serve instead of the configured models; without any, a demo model, or none"
              + " where upstreams are configured.")
  private @Nullable Path model;

  @Option(names = "--port", description = "Port to listen on; 0 takes any free one.")
  private @Nullable Integer port;

  @Option(names = "--host", description = "Address to listen on; 0.0.0.0 is every interface.")
  private @Nullable String host;

  @Mixin private ConfigOptions options;

  @Override
  public Integer call() throws IOException, ConfigException, UsageException, InterruptedException {
    ServerConfig config = options.readToServe(model, overrides());
    LogLevels.apply(config.log().level());
    CountDownLatch stopped = new CountDownLatch(1);
    Assembly assembly = Assembly.start(config);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  assembly.close();
                  stopped.countDown();
                },
                "fullbore-stop"));
    assembly.listen();
    stopped.await();
    return 0;
  }

  private Map<String, String> overrides() {
    Map<String, String> overrides = new LinkedHashMap<>();
    if (port != null) {
      overrides.put("http.port", port.toString());
    }
    if (host != null) {
      overrides.put("http.host", host);
    }
    return overrides;
  }
}
