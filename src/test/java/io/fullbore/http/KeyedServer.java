package io.fullbore.http;

import io.fullbore.auth.AdminKey;
import io.fullbore.auth.KeyHome;
import io.fullbore.auth.KeySpec;
import io.fullbore.auth.KeyStore;
import io.fullbore.auth.MemoryKeys;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.routing.RoutingTable;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A server with keys: {@code /v1/whoami?model=…}, {@code /v1/models} and {@code /admin/keys}, and a
 * client for it.
 */
final class KeyedServer implements AutoCloseable {
  static final String ADMIN_KEY = "the-admin-key";
  static final String ORIGIN = "https://chat.example.com";
  static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);

  private static final ModelCatalog CATALOG =
      new ModelCatalog(
          TestModel.models(), RoutingTable.of(TestModel.models().keySet(), List.of(), List.of()));

  final Vertx vertx = Vertx.vertx();
  final KeyStore keys;
  private final AtomicInteger port = new AtomicInteger();
  private final HttpClient client = HttpClient.newHttpClient();

  KeyedServer(@Nullable String adminKey) throws Exception {
    this(adminKey, ignored -> List.of(new MemoryKeys()));
  }

  KeyedServer(@Nullable String adminKey, Function<Vertx, List<KeyHome>> homes) throws Exception {
    keys = new KeyStore(vertx, homes.apply(vertx), InstantSource.fixed(NOW));
    keys.start().await(10, TimeUnit.SECONDS);
    vertx
        .deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> start() {
                return vertx
                    .createHttpServer()
                    .requestHandler(router(new AdminKey(adminKey)))
                    .listen(0, "127.0.0.1")
                    .onSuccess(server -> port.set(server.actualPort()));
              }
            })
        .await(10, TimeUnit.SECONDS);
  }

  private Router router(AdminKey adminKey) {
    Router router = Router.router(vertx);
    router.route().handler(Cors.from(ORIGIN));
    router.route("/v1/*").handler(new Authenticator(keys));
    router.route("/v1/whoami").handler(KeyedServer::sayWho);
    var models = new ModelsHandler(CATALOG);
    router.get("/v1/models").handler(models::list);
    router.get("/v1/models/:" + ModelsHandler.ID).handler(models::get);
    router.route("/admin/*").handler(new AdminGuard(adminKey));
    var parser = new RequestParser(new BoundedWorkers(vertx, BoundedWorkers.MAX_PENDING));
    var handler = new AdminKeysHandler(keys, parser, InstantSource.fixed(NOW));
    ApiSettings settings = ApiServer.settings(0, 100, 0, 0, 60_000);
    var bodies = BodyBudget.forBodiesUpTo(settings.maxBodyBytes());
    router.post("/admin/keys").handler(new BodyReader(vertx, settings, bodies, handler::create));
    router.get("/admin/keys").handler(handler::list);
    router.delete("/admin/keys/:" + AdminKeysHandler.ID).handler(handler::revoke);
    router.errorHandler(403, Cors::refuse);
    return router;
  }

  private static void sayWho(RoutingContext context) {
    String model = context.request().getParam("model");
    Failure refusal = model == null ? null : CATALOG.refusal(Authenticator.caller(context), model);
    if (refusal != null) {
      JsonReply.error(context.request(), ApiError.of(refusal, ""));
    } else {
      JsonReply.send(context.response(), 200, Authenticator.caller(context).keyId());
    }
  }

  /** A key for everything. */
  String newKey() throws TimeoutException {
    return keys.create(KeySpec.unlimited("Ada")).await(10, TimeUnit.SECONDS).secret();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.get() + path));
  }

  /**
   * @param headers names and values by turns
   */
  HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(path);
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  HttpRequest.Builder admin(String path) {
    return request(path).header("Authorization", "Bearer " + ADMIN_KEY);
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() throws TimeoutException {
    client.close();
    keys.close().await(10, TimeUnit.SECONDS);
    vertx.close().await(10, TimeUnit.SECONDS);
  }
}
