package io.fullbore.http;

import static io.fullbore.Eventually.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsFilesTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(TlsFiles.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  @TempDir private Path directory;

  @BeforeEach
  void listen() {
    log.list = new CopyOnWriteArrayList<>();
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(log);
  }

  private List<String> errors() {
    return log.list.stream()
        .filter(event -> event.getLevel().levelStr.equals("ERROR"))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void aNewCertificateIsTakenAndABrokenOneIsNot() throws Exception {
    try (var server = new TlsServer(directory, 10, 0)) {
      assertEquals("CN=first", server.certificateName());

      Files.writeString(server.certificate, "-----BEGIN CERTIFICATE-----\nAAAA");
      await(() -> errors().size() == 1);
      assertTrue(errors().getFirst().contains("the certificate before stays in force"));
      assertEquals("CN=first", server.certificateName());

      TlsServer.put("second.cert.pem", server.certificate); // with the key of the first one
      await(() -> errors().size() == 2);
      assertTrue(errors().getLast().contains("the key is not the certificate's"));
      assertEquals("CN=first", server.certificateName());

      Files.delete(server.key);
      await(() -> errors().size() == 3);
      assertEquals("CN=first", server.certificateName());

      TlsServer.put("second.key.pem", server.key);
      await(() -> server.certificateName().equals("CN=second"));
      assertEquals("HTTP_2", server.version());
      assertEquals(3, errors().size());
    }
  }

  @Test
  void aServerDoesNotStartWithoutItsCertificate() throws Exception {
    TlsServer.put("first.cert.pem", directory.resolve("cert.pem"));
    TlsServer.put("second.key.pem", directory.resolve("key.pem"));
    var wrong = assertThrows(IOException.class, () -> TlsServer.read(directory));
    assertTrue(
        String.valueOf(wrong.getMessage()).contains("the key is not the certificate's"),
        wrong.getMessage());
    Files.delete(directory.resolve("key.pem"));
    var missing = assertThrows(IOException.class, () -> TlsServer.read(directory));
    assertTrue(
        String.valueOf(missing.getMessage()).contains("NoSuchFileException"), missing.getMessage());
  }
}
