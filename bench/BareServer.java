import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The floor for anything that speaks HTTP on Vert.x: reads a body and answers with the bytes of a
 * file.
 *
 * <p>{@code java -cp target/fullbore.jar bench/BareServer.java PORT FILE}
 */
public final class BareServer extends VerticleBase {
  private final int port;
  private final Buffer answer;

  private BareServer(int port, Buffer answer) {
    this.port = port;
    this.answer = answer;
  }

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    Buffer answer = Buffer.buffer(Files.readAllBytes(Path.of(arguments[1])));
    int eventLoops = Runtime.getRuntime().availableProcessors();
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(eventLoops));
    vertx
        .deployVerticle(
            () -> new BareServer(port, answer), new DeploymentOptions().setInstances(eventLoops))
        .await();
    System.out.println("listens on " + port);
  }

  @Override
  public Future<?> start() {
    return vertx
        .createHttpServer()
        .requestHandler(
            request ->
                request
                    .body()
                    .onSuccess(
                        body ->
                            request
                                .response()
                                .putHeader("Content-Type", "application/json")
                                .end(answer)))
        .listen(port, "127.0.0.1");
  }
}
