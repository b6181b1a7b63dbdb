package io.fullbore.http;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * An HTTPS server as the real one listens, and an HTTP/2 client for it. {@code /} answers, {@code
 * /wait} leaves its requests to the test, and {@code /body} does so with those that are complete.
 */
final class TlsServer implements AutoCloseable {
  final Vertx vertx = Vertx.vertx();
  final Path certificate;
  final Path key;
  final BlockingQueue<RoutingContext> waiting = new LinkedBlockingQueue<>();
  private final HttpClientAgent client = newClient();
  private volatile int port;

  TlsServer(Path directory, int maxConnections, long idleTimeoutMs) throws Exception {
    certificate = directory.resolve("cert.pem");
    key = directory.resolve("key.pem");
    put("first.cert.pem", certificate);
    put("first.key.pem", key);
    var files = TlsFiles.read(vertx, certificate, key);
    vertx
        .deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> start() {
                return listen(vertx, files, new Connections(maxConnections, idleTimeoutMs));
              }
            })
        .await(10, TimeUnit.SECONDS);
  }

  private Future<HttpServer> listen(Vertx vertx, TlsFiles files, Connections connections) {
    var options = new HttpServerOptions().setHost("127.0.0.1").setPort(0);
    files.applyTo(options);
    connections.start(vertx);
    Router router = Router.router(vertx);
    router.route().handler(connections);
    router.get("/").handler(context -> JsonReply.send(context.response(), 200, "{}"));
    router.get("/wait").handler(waiting::add);
    ApiSettings settings = ApiServer.settings(0, 100, 0, 0, 60_000);
    var bodies = BodyBudget.forBodiesUpTo(settings.maxBodyBytes());
    router
        .post("/body")
        .handler(new BodyReader(vertx, settings, bodies, (context, body) -> waiting.add(context)));
    return vertx
        .createHttpServer(options)
        .connectionHandler(connections::opened)
        .requestHandler(router)
        .listen()
        .onSuccess(
            server -> {
              port = server.actualPort();
              files.watch(server);
            });
  }

  /** Copies one of the test's PEM files. */
  static void put(String name, Path to) throws IOException {
    try (InputStream pem = TlsServer.class.getResourceAsStream("tls/" + name)) {
      Files.copy(Objects.requireNonNull(pem, name), to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Reads {@code cert.pem} and {@code key.pem}. */
  static void read(Path directory) throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      TlsFiles.read(vertx, directory.resolve("cert.pem"), directory.resolve("key.pem"));
    } finally {
      vertx.close().await(10, TimeUnit.SECONDS);
    }
  }

  private HttpClientAgent newClient() {
    return vertx.createHttpClient(
        new HttpClientOptions()
            .setSsl(true)
            .setTrustAll(true)
            .setVerifyHost(false)
            .setUseAlpn(true)
            .setProtocolVersion(HttpVersion.HTTP_2));
  }

  /** A request on the client's one connection, not sent yet. */
  HttpClientRequest request(String path) throws TimeoutException {
    return request(client, HttpMethod.GET, path);
  }

  /** The same with a body. */
  HttpClientRequest post(String path) throws TimeoutException {
    return request(client, HttpMethod.POST, path);
  }

  private HttpClientRequest request(HttpClientAgent from, HttpMethod method, String path)
      throws TimeoutException {
    return from.request(method, port, "127.0.0.1", path).await(10, TimeUnit.SECONDS);
  }

  HttpClientRequest requestOnANewConnection(String path) throws TimeoutException {
    return request(newClient(), HttpMethod.GET, path);
  }

  /** The version of HTTP that a client who offers HTTP/2 gets. */
  String version() throws TimeoutException {
    return request("/").send().await(10, TimeUnit.SECONDS).version().name();
  }

  /** The subject of the certificate that new connections get. */
  String certificateName() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new TrustingEverybody()}, null);
      try (var socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
        socket.startHandshake();
        var leaf = (X509Certificate) socket.getSession().getPeerCertificates()[0];
        return leaf.getSubjectX500Principal().getName();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws TimeoutException {
    vertx.close().await(10, TimeUnit.SECONDS);
  }

  private static final class TrustingEverybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
