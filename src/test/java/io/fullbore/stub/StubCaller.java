package io.fullbore.stub;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A stub, and callers for it: one that speaks HTTP well, and bare sockets that see every byte. */
final class StubCaller implements AutoCloseable {
  static final String CHAT = "/v1/chat/completions";

  final Vertx vertx = Vertx.vertx();
  final StubUpstream stub;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  StubCaller() throws TimeoutException {
    stub = StubUpstream.start(vertx, StubBehaviour.PLAIN);
  }

  /** A question's body; {@code more} are further fields, each with a comma before it. */
  static String body(boolean stream, String more) {
    return """
    {"model":"m","max_tokens":100,"stream":%s,"messages":[{"role":"user","content":"Hi"}]%s}\
    """
        .formatted(stream, more);
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(stub.url() + path))
            .header("anthropic-version", "2023-06-01")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(stub.url() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  JsonObject json(String path, String body) throws IOException, InterruptedException {
    return new JsonObject(post(path, body).body());
  }

  /** The data of all events but {@code [DONE]}. */
  List<JsonObject> events(String path, String body) throws IOException, InterruptedException {
    return post(path, body)
        .body()
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> new JsonObject(line.substring("data: ".length())))
        .toList();
  }

  /** A connection on which a question has been asked. */
  Socket ask(String body) throws IOException {
    var socket = new Socket("127.0.0.1", stub.port());
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST %s HTTP/1.1\r\nHost: stub\r\nConnection: close\r\nX-Secret: s3cret\r\nContent-Length: %d\r\n\r\n"
            .formatted(CHAT, bytes.length);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(bytes);
    return socket;
  }

  /** All that comes until the stub closes the connection. */
  String raw(boolean stream) throws IOException {
    try (Socket socket = ask(body(stream, ""))) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() throws TimeoutException {
    client.close();
    vertx.close().await(10, TimeUnit.SECONDS);
  }
}
