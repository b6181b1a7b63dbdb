package io.fullbore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs the launcher with a fake java and a fake mvnw. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String FIRST = "Building Fullbore (first run) …\n";
  private static final String CHANGED = "Building Fullbore (its sources changed) …\n";
  private static final Instant OLD = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir private Path directory;
  private ScriptSandbox sandbox;
  private Path launcher;
  private Path jar;

  @BeforeEach
  void layOutAProject() throws IOException {
    sandbox = new ScriptSandbox(directory);
    launcher = sandbox.project().resolve("fullbore");
    jar = sandbox.project().resolve("target/fullbore.jar");
    Path source = sandbox.project().resolve("src/main/java/Main.java");
    Files.createDirectories(source.getParent());
    Files.writeString(source, "class Main {}\n");
    Files.writeString(sandbox.project().resolve("pom.xml"), "<project/>\n");
    age(sandbox.project());
    mvnw("echo built >target/fullbore.jar");
    sandbox.set("JAVA_HOME", sandbox.fakeJdk("jdk 25", "25.0.1").toString());
  }

  @Test
  void buildsAMissingJarAndRunsIt() throws Exception {
    var ended = sandbox.run(launcher, "version");
    assertEquals(new ScriptSandbox.Ended(0, "", FIRST), ended);
    assertEquals(List.of("-q -B -DskipTests package"), builds());
    assertEquals(
        List.of(
            "-XX:+UseG1GC",
            "-XX:+UseCompactObjectHeaders",
            "-XX:+ExitOnOutOfMemoryError",
            "-jar",
            jar.toString(),
            "version"),
        sandbox.javaCall().subList(1, 7));
  }

  @Test
  void aFreshJarIsNotBuiltAgain() throws Exception {
    sandbox.run(launcher);
    assertEquals(new ScriptSandbox.Ended(0, "", ""), sandbox.run(launcher));
    assertEquals(1, builds().size());
  }

  @Test
  void anythingNewerThanTheJarBuildsItAgain() throws Exception {
    sandbox.run(launcher);
    for (String changed : List.of("src/main/java/Main.java", "pom.xml", "native/cpu/gemv.c")) {
      Path file = sandbox.project().resolve(changed);
      Files.createDirectories(file.getParent());
      age(sandbox.project());
      Files.writeString(file, "changed\n");
      Files.setLastModifiedTime(file, FileTime.from(OLD.plusSeconds(1)));
      assertEquals(new ScriptSandbox.Ended(0, "", CHANGED), sandbox.run(launcher), changed);
    }
    assertEquals(4, builds().size());
  }

  @Test
  void aRemovedSourceBuildsTheJarAgain() throws Exception {
    sandbox.run(launcher);
    age(sandbox.project());
    Files.delete(sandbox.project().resolve("src/main/java/Main.java"));
    assertEquals(CHANGED, sandbox.run(launcher).err());
  }

  @Test
  void aSourceThatChangesDuringTheBuildBuildsTheJarOnceMore() throws Exception {
    mvnw("echo built >target/fullbore.jar; touch -t 203601010000 src/main/java/Main.java");
    sandbox.run(launcher);
    assertEquals(CHANGED, sandbox.run(launcher).err());
  }

  @Test
  void aFailedBuildShowsItsOutputAndRunsNothing() throws Exception {
    mvnw("echo thin >target/fullbore.jar; echo compiler said no; exit 5");
    assertEquals(
        new ScriptSandbox.Ended(5, "", FIRST + "compiler said no\n"), sandbox.run(launcher));
    assertFalse(Files.exists(jar));
    assertFalse(Files.exists(sandbox.path("java-calls")));
    mvnw("echo built >target/fullbore.jar");
    assertEquals(new ScriptSandbox.Ended(0, "", FIRST), sandbox.run(launcher));
  }

  @Test
  void theBuildNeverWritesIntoAJarThatAServerMayHaveOpen() throws Exception {
    sandbox.run(launcher);
    Path opened = Files.createLink(sandbox.path("opened.jar"), jar);
    age(sandbox.project());
    Files.setLastModifiedTime(jar, FileTime.from(OLD.minusSeconds(1)));
    mvnw("echo rebuilt >target/fullbore.jar");
    sandbox.run(launcher);
    assertEquals("built\n", Files.readString(opened));
    assertEquals("rebuilt\n", Files.readString(jar));
  }

  @Test
  void argumentsAndOptionsPassThrough() throws Exception {
    sandbox.set("FULLBORE_JAVA_OPTS", "-Xmx1g -Da=*");
    sandbox.run(launcher, "serve", "--model", "my model.gguf", "", "*", "$HOME");
    List<String> call = sandbox.javaCall();
    assertEquals(List.of("-Xmx1g", "-Da=*"), call.subList(4, 6));
    assertEquals(
        List.of("-jar", jar.toString(), "serve", "--model", "my model.gguf", "", "*", "$HOME"),
        call.subList(call.size() - 8, call.size()));
  }

  @Test
  void aServerLeavesTheClassesItLoadedForTheNextStart() throws Exception {
    Path archive = jar.resolveSibling("fullbore.jsa");
    String write = "-XX:ArchiveClassesAtExit=" + archive;
    String read = "-XX:SharedArchiveFile=" + archive;
    sandbox.run(launcher, "version");
    assertFalse(sandbox.javaCall().contains(write));
    sandbox.run(launcher, "serve");
    assertTrue(sandbox.javaCall().contains(write));

    Files.writeString(archive, "classes");
    Files.setLastModifiedTime(archive, after(jar, 10));
    sandbox.run(launcher, "version");
    assertTrue(sandbox.javaCall().contains(read));
    sandbox.run(launcher, "serve");
    assertTrue(sandbox.javaCall().contains(read));

    Files.setLastModifiedTime(archive, after(jar, -10));
    sandbox.run(launcher, "version");
    assertFalse(sandbox.javaCall().contains(read));
    sandbox.run(launcher, "serve");
    assertTrue(sandbox.javaCall().contains(write));
  }

  private static FileTime after(Path file, int seconds) throws IOException {
    return FileTime.from(Files.getLastModifiedTime(file).toInstant().plusSeconds(seconds));
  }

  @Test
  void becomesJavaSoThatSignalsReachIt() throws Exception {
    Process process = sandbox.start(launcher);
    ScriptSandbox.end(process);
    assertEquals(Long.toString(process.pid()), sandbox.javaCall().getFirst());
  }

  @Test
  void startsThroughSymbolicLinks() throws Exception {
    Path bin = Files.createDirectories(sandbox.path("bin"));
    Files.createSymbolicLink(bin.resolve("fullbore"), Path.of("../the project/fullbore"));
    Files.createSymbolicLink(sandbox.path("fb"), bin.resolve("fullbore"));
    assertEquals(0, sandbox.run(sandbox.path("fb")).code());
    assertTrue(sandbox.javaCall().contains(jar.toString()));
  }

  @Test
  void aReleasedJarIsJustRun() throws Exception {
    Path release = sandbox.path("release");
    Path script = release.resolve("fullbore");
    sandbox.executable(script, Files.readString(launcher));
    var without = sandbox.run(script);
    assertEquals(1, without.code());
    assertTrue(without.err().contains("neither a fullbore.jar nor a pom.xml"), without.err());

    Files.writeString(release.resolve("fullbore.jar"), "released");
    assertEquals(new ScriptSandbox.Ended(0, "", ""), sandbox.run(script, "version"));
    assertTrue(sandbox.javaCall().contains(release.resolve("fullbore.jar").toString()));
    assertFalse(Files.exists(release.resolve("target")));
  }

  @Test
  void withoutAJdkItSaysSoInOneLine() throws Exception {
    sandbox.set("JAVA_HOME", sandbox.fakeJdk("jdk 21", "21.0.2").toString());
    assertEquals(
        new ScriptSandbox.Ended(
            3,
            "",
            "Fullbore needs a JDK 25 or newer: install one (for example Temurin 25) or point"
                + " FULLBORE_JAVA_HOME at it.\n"),
        sandbox.run(launcher));
    assertEquals(List.of(), builds());
  }

  @Test
  void aWrongChoiceOfTheUsersIsNotPassedOver() throws Exception {
    Path old = sandbox.fakeJdk("jdk 17", "17.0.9");
    sandbox.set("FULLBORE_JAVA_HOME", old.toString());
    assertEquals(
        new ScriptSandbox.Ended(
            3,
            "",
            "FULLBORE_JAVA_HOME="
                + old
                + " is not a JDK 25 or newer: point it at one or unset it.\n"),
        sandbox.run(launcher));
  }

  @Test
  void findsJdksInTheUsualPlaces() throws Exception {
    sandbox.set("JAVA_HOME", sandbox.path("nothing").toString());
    for (String place :
        List.of(
            "system/Library/Java/JavaVirtualMachines/temurin-25.jdk/Contents/Home",
            "system/opt/jdk-25",
            "home/.jdks/temurin-25",
            "home/.sdkman/candidates/java/25-tem",
            "system/usr/lib/jvm/temurin-25")) {
      Path jdk = sandbox.fakeJdk(place, "25");
      assertEquals(
          new ScriptSandbox.Ended(0, jdk + "\n", ""), sandbox.run(launcher, "--find-jdk"), place);
    }
    Path linked = Files.createDirectories(sandbox.path("links")).resolve("java");
    Path onPath = sandbox.fakeJdk("jdk on path", "25.0.2");
    Files.createSymbolicLink(linked, onPath.resolve("bin/java"));
    sandbox.prependToPath(linked.getParent());
    assertEquals(onPath + "\n", sandbox.run(launcher, "--find-jdk").out());
  }

  @Test
  void asksJavaWhereAJdkHasNoReleaseFile() throws Exception {
    Path jdk = sandbox.fakeJdk("odd jdk", "25");
    Files.delete(jdk.resolve("release"));
    sandbox.executable(
        jdk.resolve("bin/java"),
        "#!/bin/sh\necho 'Picked up JAVA_TOOL_OPTIONS: x' >&2\n"
            + "echo 'openjdk version \"25-ea\" 2025-09-16' >&2\n");
    sandbox.set("JAVA_HOME", jdk.toString());
    assertEquals(jdk + "\n", sandbox.run(launcher, "--find-jdk").out());
  }

  @Test
  void aNewerJdkRunsButDoesNotBuild() throws Exception {
    sandbox.set("JAVA_HOME", sandbox.fakeJdk("jdk 26", "26").toString());
    assertEquals(0, sandbox.run(launcher).code());
    assertEquals(1, sandbox.run(launcher, "--find-jdk").code());
  }

  @Test
  void twoFirstStartsBuildOnce() throws Exception {
    Path gate = openGate();
    Process first = sandbox.start(launcher, "first");
    BufferedReader firstSays = first.errorReader();
    assertEquals(FIRST.strip(), firstSays.readLine());
    Process second = sandbox.start(launcher, "second");
    BufferedReader secondSays = second.errorReader();
    assertTrue(secondSays.readLine().startsWith("Waiting for another start of Fullbore"));
    Files.writeString(gate, "go\n");
    assertEquals(0, first.waitFor());
    assertEquals(0, second.waitFor());
    assertEquals(1, builds().size());
    assertFalse(Files.exists(sandbox.project().resolve("target/.build-lock")));
  }

  @Test
  void aStoppedBuildLeavesNoLock() throws Exception {
    openGate();
    Process process = sandbox.start(launcher);
    assertEquals(FIRST.strip(), process.errorReader().readLine());
    process.toHandle().destroy(); // Process.destroy closes the pipes as well.
    assertEquals(143, process.waitFor());
    assertFalse(Files.exists(sandbox.project().resolve("target/.build-lock")));
  }

  @Test
  void theLockOfAKilledBuilderIsBroken() throws Exception {
    Process gone = sandbox.start(sandbox.path("tools").resolve("sh"), "-c", ":");
    gone.waitFor();
    Path lock = Files.createDirectories(sandbox.project().resolve("target/.build-lock"));
    Files.writeString(lock.resolve("pid"), gone.pid() + "\n");
    assertEquals(new ScriptSandbox.Ended(0, "", FIRST), sandbox.run(launcher));
    assertFalse(Files.exists(lock));
  }

  /** Makes builds wait until a line is written into the returned pipe. */
  private Path openGate() throws IOException, InterruptedException {
    Path gate = sandbox.path("gate");
    sandbox.run(sandbox.path("tools").resolve("mkfifo"), gate.toString());
    mvnw("read go <'" + gate + "' && echo built >target/fullbore.jar");
    return gate;
  }

  private void mvnw(String commands) throws IOException {
    sandbox.executable(
        sandbox.project().resolve("mvnw"),
        "#!/bin/sh\nset -e\necho \"$@\" >>'" + sandbox.path("builds") + "'\n" + commands + "\n");
  }

  private List<String> builds() throws IOException {
    Path file = sandbox.path("builds");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  /** Gives everything one old date, so that what a test changes is newer. */
  private static void age(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(OLD));
      }
    }
  }
}
