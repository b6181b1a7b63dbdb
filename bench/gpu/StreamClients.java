import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Many clients that stream completions of random prompts at once, each the next as soon as the last
 * is complete, and what they feel.
 */
final class StreamClients {
  private static final double NANOS_PER_MS = 1e6;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().executor(Executors.newVirtualThreadPerTaskExecutor()).build();
  private final String url;
  private final String model;
  private final int vocabularySize;
  private final int promptTokens;
  private final int answerTokens;

  /** One stream: how long each of its events took to come. */
  private record Answer(long firstNanos, List<Long> gapNanos, int tokenCount) {}

  StreamClients(int port, String model, int vocabularySize, int promptTokens, int answerTokens) {
    url = "http://127.0.0.1:" + port;
    this.model = model;
    this.vocabularySize = vocabularySize;
    this.promptTokens = promptTokens;
    this.answerTokens = answerTokens;
  }

  /** Whether the server can answer. */
  boolean isReady() throws InterruptedException {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/ready")).build();
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * @param rounds answers per client
   */
  Map<String, Object> run(int clients, int rounds) throws InterruptedException, IOException {
    List<Answer> answers = new ArrayList<>();
    long start = System.nanoTime();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<Answer>>> futures = new ArrayList<>();
      for (int client = 0; client < clients; client++) {
        long seed = 1_000L * clients + client;
        futures.add(threads.submit(() -> client(rounds, new Random(seed))));
      }
      for (Future<List<Answer>> future : futures) {
        answers.addAll(future.get());
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    List<Long> first = answers.stream().map(Answer::firstNanos).sorted().toList();
    List<Long> gaps = answers.stream().flatMap(each -> each.gapNanos.stream()).sorted().toList();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("clients", clients);
    row.put("answers", answers.size());
    row.put("tokensPerSecond", answers.stream().mapToInt(Answer::tokenCount).sum() / seconds);
    row.put("firstMsP50", percentileMs(first, 0.5));
    row.put("firstMsP99", percentileMs(first, 0.99));
    row.put("gapMsP50", percentileMs(gaps, 0.5));
    row.put("gapMsP99", percentileMs(gaps, 0.99));
    return row;
  }

  private static double percentileMs(List<Long> sorted, double share) {
    int index = Math.min(sorted.size() - 1, (int) (share * sorted.size()));
    return sorted.isEmpty() ? 0 : sorted.get(index) / NANOS_PER_MS;
  }

  private List<Answer> client(int rounds, Random random) throws IOException, InterruptedException {
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      answers.add(ask(random));
    }
    return answers;
  }

  private Answer ask(Random random) throws IOException, InterruptedException {
    Map<String, Object> body =
        Map.of(
            "model",
            model,
            "prompt",
            random.ints(promptTokens, 0, vocabularySize).toArray(),
            "max_tokens",
            answerTokens,
            "temperature",
            0,
            "ignore_eos",
            true,
            "stream",
            true,
            "stream_options",
            Map.of("include_usage", true));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
            .build();
    long start = System.nanoTime();
    HttpResponse<Stream<String>> response = http.send(request, HttpResponse.BodyHandlers.ofLines());
    List<Long> times = new ArrayList<>();
    int[] tokenCount = new int[1];
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() != 200) {
        throw new IOException(
            "status %d: %s".formatted(response.statusCode(), lines.findFirst().orElse("")));
      }
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.startsWith("data: {")) {
          long now = System.nanoTime();
          JsonNode event = JSON.readTree(line.substring("data: ".length()));
          if (event.path("choices").size() > 0) {
            times.add(now);
          }
          tokenCount[0] = event.path("usage").path("completion_tokens").asInt(tokenCount[0]);
        }
      }
    }
    if (tokenCount[0] == 0 || times.isEmpty()) {
      throw new IOException("a stream ended without tokens");
    }
    List<Long> gaps = new ArrayList<>();
    for (int i = 1; i < times.size(); i++) {
      gaps.add(times.get(i) - times.get(i - 1));
    }
    return new Answer(times.getFirst() - start, gaps, tokenCount[0]);
  }
}
