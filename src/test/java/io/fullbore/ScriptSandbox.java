package io.fullbore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A directory with copies of the project's scripts that sees no JDK and no Maven but the fake ones
 * that a test puts there: PATH leads to a few tools, HOME into the directory, and the launcher
 * looks for the system's JDKs below {@code system}.
 */
final class ScriptSandbox {
  private static final List<String> TOOLS =
      List.of(
          "sh",
          "basename",
          "cat",
          "cut",
          "dirname",
          "find",
          "grep",
          "head",
          "mkdir",
          "mkfifo",
          "mv",
          "openssl",
          "ps",
          "readlink",
          "rm",
          "rmdir",
          "sed",
          "sha512sum",
          "shasum",
          "sleep",
          "tar",
          "gzip",
          "touch",
          "curl",
          "wget");
  private static final long LIMIT_SECONDS = 30;

  /** What a script said and how it ended. */
  record Ended(int code, String out, String err) {}

  private final Path root;
  private final Map<String, String> environment = new TreeMap<>();

  ScriptSandbox(Path directory) throws IOException {
    root = Files.createDirectories(directory.toRealPath().resolve("with a space"));
    Files.createDirectories(project());
    Files.createDirectories(path("system"));
    Path tools = Files.createDirectories(path("tools"));
    for (String tool : TOOLS) {
      for (String place : List.of("/bin", "/usr/bin")) {
        Path binary = Path.of(place, tool);
        if (Files.isExecutable(binary) && !Files.exists(tools.resolve(tool))) {
          executable(tools.resolve(tool), "#!/bin/sh\nexec " + binary + " \"$@\"\n");
        }
      }
    }
    environment.put("PATH", tools.toString());
    environment.put("HOME", Files.createDirectories(path("home")).toString());
    install("fullbore");
    patch("fullbore", "system=''", "system='" + path("system") + "'");
  }

  Path path(String name) {
    return root.resolve(name);
  }

  Path project() {
    return path("the project");
  }

  void set(String variable, String value) {
    environment.put(variable, value);
  }

  void prependToPath(Path directory) {
    environment.merge("PATH", directory.toString(), (old, added) -> added + ":" + old);
  }

  /** Copies a script of the project. */
  void install(String script) throws IOException {
    executable(project().resolve(script), Files.readString(Path.of(script)));
  }

  /** Changes a line of a script that was copied. */
  void patch(String script, String line, String replacement) throws IOException {
    Path file = project().resolve(script);
    String text = Files.readString(file);
    if (!text.contains("\n" + line)) {
      throw new IllegalStateException(script + " has no line " + line);
    }
    Files.writeString(file, text.replace("\n" + line, "\n" + replacement));
  }

  void executable(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /**
   * Puts a JDK there whose java writes its process id and then its arguments, one per line, into
   * the file {@code java-calls}.
   */
  Path fakeJdk(String home, String version) throws IOException {
    Path jdk = path(home);
    executable(
        jdk.resolve("bin/java"),
        "#!/bin/sh\nprintf '%s\\n' $$ \"$@\" >'" + path("java-calls") + "'\n");
    executable(jdk.resolve("bin/javac"), "#!/bin/sh\n");
    Files.writeString(
        jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    return jdk;
  }

  /** What the fake java was called with; its own process id is the first. */
  List<String> javaCall() throws IOException {
    return Files.readAllLines(path("java-calls"));
  }

  Process start(Path script, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(path("home").toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  Ended run(Path script, String... arguments) throws IOException, InterruptedException {
    return end(start(script, arguments));
  }

  /** Waits for the end; the scripts say too little to fill a pipe. */
  static Ended end(Process process) throws IOException, InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("no end after " + LIMIT_SECONDS + " s");
    }
    return new Ended(
        process.exitValue(),
        new String(process.getInputStream().readAllBytes(), UTF_8),
        new String(process.getErrorStream().readAllBytes(), UTF_8));
  }
}
