package io.fullbore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs mvnw with a fake Maven, on PATH or in a repository served over HTTP. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class MavenWrapperTest {
  private static final String FAKE_MAVEN =
      "#!/bin/sh\n"
          + "case $1 in --version) echo '\u001b[1mApache Maven %s\u001b[m';; *) echo \"%s: $*;"
          + " $JAVA25_HOME\";; esac\n";

  @TempDir private Path directory;
  private ScriptSandbox sandbox;
  private Path mvnw;
  private Path jdk;
  private String version;

  @BeforeEach
  void layOutAProject() throws IOException {
    sandbox = new ScriptSandbox(directory);
    mvnw = sandbox.project().resolve("mvnw");
    sandbox.install("mvnw");
    sandbox.set("MVNW_REPO_URL", "http://127.0.0.1:1"); // A mistake here fetches nothing.
    Matcher pinned = Pattern.compile("\nversion=(\\S+)").matcher(Files.readString(mvnw));
    assertTrue(pinned.find());
    version = pinned.group(1);
    jdk = sandbox.fakeJdk("home/.jdks/temurin-25", "25.0.1");
  }

  @Test
  void usesTheMavenOnPath() throws Exception {
    mavenOnPath("3.8.7");
    assertEquals(
        new ScriptSandbox.Ended(0, "on path: -q verify; " + jdk + "\n", ""),
        sandbox.run(mvnw, "-q", "verify"));
  }

  @Test
  void withoutAJdk25ItSaysSoInOneLine() throws Exception {
    mavenOnPath("3.9.9");
    Files.delete(jdk.resolve("release"));
    assertEquals(
        new ScriptSandbox.Ended(
            3,
            "",
            "Fullbore needs a JDK 25: install one (for example Temurin 25) or point JAVA25_HOME /"
                + " toolchains.xml at it.\n"),
        sandbox.run(mvnw, "verify"));
  }

  @Test
  void leavesTheChoiceToToolchainsXml() throws Exception {
    mavenOnPath("3.9.9");
    Files.delete(jdk.resolve("release"));
    Files.createDirectories(sandbox.path("home/.m2"));
    Files.writeString(sandbox.path("home/.m2/toolchains.xml"), "<toolchains/>");
    assertEquals(0, sandbox.run(mvnw, "verify").code());
  }

  @Test
  void fetchesThePinnedMavenOnceWhereThePathHasAnOldOne() throws Exception {
    mavenOnPath("3.6.3");
    sandbox.patch("mvnw", "sha512=", "sha512=" + sha512(archive()) + " # ");
    HttpServer server = serve();
    try {
      sandbox.set("MVNW_REPO_URL", "http://127.0.0.1:" + server.getAddress().getPort());
      assertEquals(
          new ScriptSandbox.Ended(
              0, "fetched: -q verify; " + jdk + "\n", "Fetching Maven " + version + " …\n"),
          sandbox.run(mvnw, "-q", "verify"));
    } finally {
      server.stop(0);
    }
    assertEquals(
        new ScriptSandbox.Ended(0, "fetched: validate; " + jdk + "\n", ""),
        sandbox.run(mvnw, "validate"));
    try (var left = Files.list(sandbox.path("home/.m2/wrapper"))) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void trustsNoMavenWithAnotherChecksum() throws Exception {
    archive();
    HttpServer server = serve();
    try {
      sandbox.set("MVNW_REPO_URL", "http://127.0.0.1:" + server.getAddress().getPort());
      var ended = sandbox.run(mvnw, "verify");
      assertEquals(1, ended.code());
      assertTrue(ended.err().contains("Cannot trust http://127.0.0.1"), ended.err());
    } finally {
      server.stop(0);
    }
    assertFalse(Files.exists(sandbox.path("home/.m2/wrapper/apache-maven-" + version)));
  }

  @Test
  void namesTheAddressThatCannotBeFetched() throws Exception {
    HttpServer server = serve();
    try {
      sandbox.set("MVNW_REPO_URL", "http://127.0.0.1:" + server.getAddress().getPort() + "/none");
      var ended = sandbox.run(mvnw, "verify");
      assertEquals(1, ended.code());
      assertTrue(ended.err().contains("Cannot fetch Maven from http://127.0.0.1"), ended.err());
    } finally {
      server.stop(0);
    }
  }

  private void mavenOnPath(String release) throws IOException {
    Path bin = sandbox.path("maven/bin");
    sandbox.executable(bin.resolve("mvn"), FAKE_MAVEN.formatted(release, "on path"));
    sandbox.prependToPath(bin);
  }

  /** Packs the fake Maven where Maven Central has the real one. */
  private Path archive() throws Exception {
    String name = "apache-maven-" + version;
    sandbox.executable(sandbox.path(name + "/bin/mvn"), FAKE_MAVEN.formatted(version, "fetched"));
    Path archive =
        sandbox
            .path("repository/org/apache/maven/apache-maven")
            .resolve(version)
            .resolve(name + "-bin.tar.gz");
    Files.createDirectories(archive.getParent());
    Path tar = sandbox.path("tools/tar");
    assertEquals(
        0,
        sandbox
            .run(tar, "-czf", archive.toString(), "-C", sandbox.path("").toString(), name)
            .code());
    return archive;
  }

  private static String sha512(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-512").digest(Files.readAllBytes(file)));
  }

  private HttpServer serve() throws IOException {
    Path repository = Files.createDirectories(sandbox.path("repository"));
    HttpServer server =
        SimpleFileServer.createFileServer(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            repository,
            SimpleFileServer.OutputLevel.NONE);
    server.start();
    return server;
  }
}
