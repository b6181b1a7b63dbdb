package io.fullbore.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A real redis-server on a port of its own, which tests may freeze, kill and start again. */
public final class RedisServer implements AutoCloseable {
  private static final long START_TIMEOUT_MS = 10_000;
  private static final int CLUSTER_SLOTS = 16_384;
  private static final int SLOTS_PER_LINE = 4_096;

  private final int port;
  private final List<String> arguments;
  private Process process;

  private RedisServer(int port, List<String> arguments) throws IOException {
    this.port = port;
    this.arguments = arguments;
    this.process = launch();
  }

  /** Starts an empty one that keeps nothing on disk. */
  public static RedisServer start(String... moreArguments) throws IOException {
    int port;
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    var arguments =
        new ArrayList<>(
            List.of(
                Executable.PATH.toString(),
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no"));
    arguments.addAll(List.of(moreArguments));
    return new RedisServer(port, arguments);
  }

  /** Starts a cluster of one node, which holds all slots. */
  public static RedisServer startCluster() throws IOException {
    Path state = Files.createTempDirectory("redis-cluster");
    RedisServer server =
        start(
            "--cluster-enabled",
            "yes",
            "--cluster-announce-ip",
            "127.0.0.1",
            "--cluster-config-file",
            state.resolve("nodes").toString());
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port)) {
      for (int first = 0; first < CLUSTER_SLOTS; first += SLOTS_PER_LINE) {
        String slots =
            IntStream.range(first, first + SLOTS_PER_LINE)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(" ", "CLUSTER ADDSLOTS ", "\r\n"));
        socket.getOutputStream().write(slots.getBytes(StandardCharsets.US_ASCII));
        byte[] reply = socket.getInputStream().readNBytes("+OK\r\n".length());
        if (!new String(reply, StandardCharsets.US_ASCII).equals("+OK\r\n")) {
          throw new IOException("the cluster does not take its slots");
        }
      }
      awaitCluster(socket);
    }
    return server;
  }

  /** A cluster serves only a while after it has all slots. */
  private static void awaitCluster(Socket socket) throws IOException {
    var replies =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    String line = "";
    while (!line.equals("cluster_state:ok")) {
      socket.getOutputStream().write("CLUSTER INFO\r\n".getBytes(StandardCharsets.US_ASCII));
      do {
        line = replies.readLine();
      } while (!line.startsWith("cluster_state:"));
    }
  }

  public int port() {
    return port;
  }

  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** SIGSTOP: connections stay open, and nothing is answered. */
  public void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  public void thaw() throws IOException, InterruptedException {
    signal("CONT");
  }

  /** SIGKILL. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Starts again, empty, on the same port. */
  public void restart() throws IOException {
    process = launch();
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
        .inheritIO()
        .start()
        .waitFor(5, TimeUnit.SECONDS);
  }

  private Process launch() throws IOException {
    Process started =
        new ProcessBuilder(arguments)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_TIMEOUT_MS);
    while (true) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        return started;
      } catch (IOException e) {
        if (System.nanoTime() > deadline || !started.isAlive()) {
          started.destroyForcibly();
          throw new IOException("redis-server does not start on port=" + port, e);
        }
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** The program out of embedded-redis's jar, unpacked once per JVM. */
  private static final class Executable {
    static final Path PATH = unpack();

    private static Path unpack() {
      String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
      boolean arm = System.getProperty("os.arch").equals("aarch64");
      String resource;
      if (system.contains("linux")) {
        resource = arm ? "/redis-server-6.2.7-linux-arm64" : "/redis-server-6.2.6-v5-linux-amd64";
      } else {
        resource =
            arm ? "/redis-server-6.2.6-v5-darwin-arm64" : "/redis-server-6.2.6-v5-darwin-amd64";
      }
      try (InputStream input = RedisServer.class.getResourceAsStream(resource)) {
        Path path = Files.createTempFile("redis-server", "");
        path.toFile().deleteOnExit();
        Files.write(path, Objects.requireNonNull(input, resource).readAllBytes());
        if (!path.toFile().setExecutable(true)) {
          throw new IOException("cannot make executable: " + path);
        }
        return path;
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
