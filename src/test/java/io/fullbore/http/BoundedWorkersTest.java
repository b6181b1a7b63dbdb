package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BoundedWorkersTest {
  @Test
  void workBeyondTheBoundIsA429() throws Exception {
    var running = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    try (ApiServer server = ApiServer.start();
        HttpClient client = HttpClient.newHttpClient()) {
      var workers = new BoundedWorkers(server.vertx, 1);
      int port =
          server.route(
              router ->
                  router
                      .get()
                      .handler(
                          context ->
                              workers.run(
                                  context,
                                  () -> {
                                    running.countDown();
                                    return goOn.await(10, TimeUnit.SECONDS) ? "done" : "late";
                                  },
                                  text -> context.response().end(text))));
      HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port)).build();
      CompletableFuture<HttpResponse<String>> first =
          client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
      running.await();
      HttpResponse<String> second = server.send(request);
      assertEquals(429, second.statusCode());
      assertEquals("1", second.headers().firstValue("Retry-After").orElse(""));
      goOn.countDown();
      assertEquals("done", first.get(10, TimeUnit.SECONDS).body());
      assertEquals("done", server.send(request).body());
    }
  }
}
