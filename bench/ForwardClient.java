import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Asks several servers the same in turn, one request at a time over one kept connection each, and
 * prints what each of them took: rows of JSON, in ms. Plain blocking sockets, so that little of the
 * time is the client's own.
 *
 * <p>{@code java bench/ForwardClient.java ROUNDS WARM_UP WHOLE STREAMED NAME=PORT[=PROVIDER_URL]…}
 *
 * <p>WARM_UP, WHOLE and STREAMED are numbers of requests at each server; the last two are made once
 * in every round. PROVIDER_URL tells npm's gateway where to forward; it is asked for whole answers
 * only, as version 1.15.2 answers 500 where it should pass on a stream.
 */
public final class ForwardClient {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final double NANOS_PER_MS = 1e6;
  private static final String QUESTION = "tell me why the answer comes so late today, ".repeat(11);

  private ForwardClient() {}

  public static void main(String[] arguments) throws IOException {
    int rounds = Integer.parseInt(arguments[0]);
    int warmUp = Integer.parseInt(arguments[1]);
    int whole = Integer.parseInt(arguments[2]);
    int streamed = Integer.parseInt(arguments[3]);
    List<Server> servers = new ArrayList<>();
    List<Server> streaming = new ArrayList<>();
    for (String argument : Arrays.asList(arguments).subList(4, arguments.length)) {
      String[] parts = argument.split("=", 3);
      servers.add(Server.connect(parts));
      if (parts.length == 2) {
        streaming.add(servers.getLast());
      }
    }
    askInTurn(servers, warmUp, false);
    askInTurn(streaming, warmUp, true);
    for (int round = 0; round < rounds; round++) {
      askInTurn(servers, whole, false).forEach(row -> print("whole", row));
      askInTurn(streaming, streamed, true).forEach(row -> print("streamed", row));
    }
  }

  /** What one server took, sorted; the first piece of the body, and all of it. */
  private record Row(String name, long[] firstNanos, long[] totalNanos) {}

  private static void print(String kind, Row row) {
    System.out.printf(
        Locale.ROOT,
        "JSON {\"kind\":\"%s\",\"server\":\"%s\",\"p50_ms\":%.4f,\"p99_ms\":%.4f,"
            + "\"first_p50_ms\":%.4f,\"first_p99_ms\":%.4f}%n",
        kind,
        row.name(),
        percentileMs(row.totalNanos(), 0.5),
        percentileMs(row.totalNanos(), 0.99),
        percentileMs(row.firstNanos(), 0.5),
        percentileMs(row.firstNanos(), 0.99));
  }

  private static double percentileMs(long[] sorted, double share) {
    return sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))] / NANOS_PER_MS;
  }

  /** Whoever is asked first in one turn is asked last in the next. */
  private static List<Row> askInTurn(List<Server> servers, int turns, boolean stream)
      throws IOException {
    int count = servers.size();
    List<Row> rows = new ArrayList<>();
    for (Server server : servers) {
      rows.add(new Row(server.name, new long[turns], new long[turns]));
    }
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < count; i++) {
        int index = (turn + i) % count;
        servers.get(index).ask(stream);
        rows.get(index).firstNanos()[turn] = servers.get(index).firstNanos;
        rows.get(index).totalNanos()[turn] = servers.get(index).totalNanos;
      }
    }
    for (Row row : rows) {
      Arrays.sort(row.firstNanos());
      Arrays.sort(row.totalNanos());
    }
    return rows;
  }

  /** A connection to a server, and what the last request took. */
  private static final class Server {
    final String name;
    long firstNanos;
    long totalNanos;
    private final OutputStream output;
    private final InputStream input;
    private final byte[][] requests; // [whole, streamed][byte]
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int from;
    private int to;
    private int asked;

    private Server(String name, Socket socket, byte[][] requests) throws IOException {
      this.name = name;
      this.output = socket.getOutputStream();
      this.input = socket.getInputStream();
      this.requests = requests;
    }

    static Server connect(String[] nameAndPort) throws IOException {
      var socket = new Socket("127.0.0.1", Integer.parseInt(nameAndPort[1]));
      socket.setTcpNoDelay(true);
      String provider =
          nameAndPort.length < 3
              ? ""
              : "x-portkey-provider: openai\r\nx-portkey-custom-host: " + nameAndPort[2] + "\r\n";
      byte[][] requests =
          IntStream.range(0, 2)
              .mapToObj(stream -> request(stream == 1, provider))
              .toArray(byte[][]::new);
      return new Server(nameAndPort[0], socket, requests);
    }

    private static byte[] request(boolean stream, String headers) {
      String body =
          "{\"model\":\"forwarded\",\"stream\":%s,\"temperature\":0,".formatted(stream)
              + "\"messages\":[{\"role\":\"user\",\"content\":\"%s000000\"}]}".formatted(QUESTION);
      String head =
          """
          POST /v1/chat/completions HTTP/1.1
          Host: 127.0.0.1
          Content-Type: application/json
          Authorization: Bearer none
          Content-Length: %d
          """
              .formatted(body.length());
      return (head.replace("\n", "\r\n") + headers + "\r\n" + body)
          .getBytes(StandardCharsets.US_ASCII);
    }

    /** Asks what was never asked before, so that nobody remembers the answer. */
    void ask(boolean stream) throws IOException {
      byte[] request = requests[stream ? 1 : 0];
      int digit = request.length - "\"}]}".length() - 1;
      for (int rest = asked++; rest > 0; rest /= 10) {
        request[digit--] = (byte) ('0' + rest % 10);
      }
      long startNanos = System.nanoTime();
      output.write(request);
      int length = readHead();
      if (length >= 0) {
        skip(length);
        firstNanos = System.nanoTime() - startNanos;
      } else {
        int chunk = readChunk();
        firstNanos = System.nanoTime() - startNanos;
        while (chunk > 0) {
          chunk = readChunk();
        }
      }
      totalNanos = System.nanoTime() - startNanos;
    }

    /** Returns the body's length, or -1 where it comes in chunks. */
    private int readHead() throws IOException {
      String status = readLine();
      if (!status.startsWith("HTTP/1.1 200")) {
        throw new IOException(name + " answers with " + status);
      }
      int length = -1;
      while (true) {
        String line = readLine();
        if (line.isEmpty()) {
          return length;
        }
        if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
    }

    /** Returns the chunk's length; 0 is the last. */
    private int readChunk() throws IOException {
      int length = Integer.parseInt(readLine(), 16);
      skip(length + 2);
      return length;
    }

    private String readLine() throws IOException {
      var line = new StringBuilder();
      while (true) {
        int next = read();
        if (next == '\n') {
          return line.toString();
        }
        if (next != '\r') {
          line.append((char) next);
        }
      }
    }

    private int read() throws IOException {
      if (from == to) {
        fill();
      }
      return buffer[from++];
    }

    private void skip(int bytes) throws IOException {
      int left = bytes;
      while (left > 0) {
        if (from == to) {
          fill();
        }
        int step = Math.min(left, to - from);
        from += step;
        left -= step;
      }
    }

    private void fill() throws IOException {
      from = 0;
      to = input.read(buffer);
      if (to < 0) {
        throw new EOFException(name + " closed the connection");
      }
    }
  }
}
