import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;

/**
 * The floor for anything that forwards HTTP on Vert.x: passes requests and answers on as they come,
 * without a limit, a queue or a second try. A caller that leaves takes its request with it.
 *
 * <p>{@code java -cp target/fullbore.jar bench/BareProxy.java PORT UPSTREAM_PORT}
 */
public final class BareProxy extends VerticleBase {
  private static final int POOL = 4_096;

  private final int port;
  private final int upstreamPort;

  private BareProxy(int port, int upstreamPort) {
    this.port = port;
    this.upstreamPort = upstreamPort;
  }

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    int upstreamPort = Integer.parseInt(arguments[1]);
    int eventLoops = Runtime.getRuntime().availableProcessors();
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(eventLoops));
    vertx
        .deployVerticle(
            () -> new BareProxy(port, upstreamPort),
            new DeploymentOptions().setInstances(eventLoops))
        .await();
    System.out.println("listens on " + port);
  }

  @Override
  public Future<?> start() {
    HttpClient client =
        vertx.createHttpClient(
            new HttpClientOptions(),
            new PoolOptions().setHttp1MaxSize(POOL).setMaxWaitQueueSize(-1));
    return vertx
        .createHttpServer()
        .requestHandler(request -> forward(client, request))
        .listen(port, "127.0.0.1");
  }

  private void forward(HttpClient client, HttpServerRequest request) {
    RequestOptions target =
        new RequestOptions()
            .setMethod(request.method())
            .setHost("127.0.0.1")
            .setPort(upstreamPort)
            .setURI(request.uri());
    request
        .body()
        .onSuccess(
            body ->
                client
                    .request(target)
                    .compose(
                        upstream -> {
                          upstream.headers().addAll(request.headers()).remove(HttpHeaders.HOST);
                          request.response().closeHandler(ignored -> leave(request, upstream));
                          return upstream.send(body);
                        })
                    .compose(answer -> pass(answer, request.response()))
                    .onFailure(ignored -> fail(request)));
  }

  private static void leave(HttpServerRequest request, HttpClientRequest upstream) {
    if (!request.response().ended()) {
      upstream.reset();
    }
  }

  private static Future<Void> pass(HttpClientResponse answer, HttpServerResponse response) {
    response.setStatusCode(answer.statusCode());
    response.headers().addAll(answer.headers());
    return answer.pipeTo(response);
  }

  private static void fail(HttpServerRequest request) {
    if (request.response().headWritten()) {
      request.connection().close();
    } else if (!request.response().closed()) {
      request.response().setStatusCode(502).end();
    }
  }
}
