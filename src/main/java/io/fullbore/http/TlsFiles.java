package io.fullbore.http;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate of the HTTP server and its key, from two PEM files that are looked at every
 * second. New ones are used for new connections once both files have stood still for one look, so
 * that half a file, or one that does not belong to the other yet, is not taken for the new state.
 * What cannot be used is logged once, and the certificate before it stays in force.
 *
 * <p>One per process: the servers that share a port share its certificate.
 */
public final class TlsFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);
  private static final long LOOK_MS = 1_000;

  /**
   * What the files were found to hold.
   *
   * @param fault why they cannot be read; null where they can
   */
  private record Look(Buffer certificate, Buffer key, @Nullable String fault) {
    PemKeyCertOptions options() {
      return new PemKeyCertOptions().setCertValue(certificate).setKeyValue(key);
    }
  }

  private final Vertx vertx;
  private final Path certificate;
  private final Path key;
  private Look inForce;
  private Look last;
  private boolean decided = true;
  private final AtomicBoolean watching = new AtomicBoolean();

  private TlsFiles(Vertx vertx, Path certificate, Path key, Look first) {
    this.vertx = vertx;
    this.certificate = certificate;
    this.key = key;
    this.inForce = first;
    this.last = first;
  }

  /**
   * Blocks; for the start of the process.
   *
   * @throws IOException when there is no certificate with its key; says which files
   */
  public static TlsFiles read(Vertx vertx, Path certificate, Path key) throws IOException {
    Look first = look(certificate, key);
    Optional<String> fault = fault(vertx, first);
    if (fault.isPresent()) {
      throw new IOException(
          "http.tlsCertPath=%s http.tlsKeyPath=%s cannot be used: %s"
              .formatted(certificate, key, fault.get()));
    }
    return new TlsFiles(vertx, certificate, key, first);
  }

  private static Look look(Path certificate, Path key) {
    try {
      return new Look(
          Buffer.buffer(Files.readAllBytes(certificate)),
          Buffer.buffer(Files.readAllBytes(key)),
          null);
    } catch (IOException e) {
      return new Look(Buffer.buffer(), Buffer.buffer(), e.toString());
    }
  }

  private static Optional<String> fault(Vertx vertx, Look look) {
    return look.fault == null
        ? CertificateCheck.fault(vertx, look.options())
        : Optional.of(look.fault);
  }

  /** HTTPS, with HTTP/2 for clients that offer it; other clients get HTTP/1.1. */
  public void applyTo(HttpServerOptions options) {
    options.setSsl(true).setUseAlpn(true).setKeyCertOptions(inForce.options());
    options.getInitialSettings().setMaxHeaderListSize(options.getMaxHeaderSize());
  }

  /**
   * Looks at the files from now on, for all servers that share a port: they share a certificate
   * too, so the first one that calls is enough.
   *
   * @param server listens already
   */
  public void watch(HttpServer server) {
    if (watching.compareAndSet(false, true)) {
      lookLater(server);
    }
  }

  private void lookLater(HttpServer server) {
    vertx.setTimer(LOOK_MS, ignored -> lookAgain(server));
  }

  private void lookAgain(HttpServer server) {
    vertx
        .executeBlocking(() -> look(certificate, key))
        .compose(look -> take(look, server))
        .onComplete(ignored -> lookLater(server));
  }

  private Future<?> take(Look look, HttpServer server) {
    if (!look.equals(last)) {
      last = look;
      decided = look.equals(inForce);
      return Future.succeededFuture();
    }
    if (decided) {
      return Future.succeededFuture();
    }
    decided = true;
    return vertx
        .executeBlocking(() -> fault(vertx, look))
        .compose(
            fault ->
                fault.isPresent()
                    ? Future.failedFuture(fault.get())
                    : server.updateSSLOptions(options(look.options())))
        .onSuccess(ignored -> inForce = look)
        .onSuccess(ignored -> LOG.info("TLS: the certificate in {} is in force", certificate))
        .onFailure(
            cause ->
                LOG.error(
                    "TLS: {} and {} cannot be used ({}); the certificate before stays in force",
                    certificate,
                    key,
                    cause.getMessage()));
  }

  private static ServerSSLOptions options(KeyCertOptions certificate) {
    var options = new ServerSSLOptions();
    options.setUseAlpn(true).setKeyCertOptions(certificate);
    return options;
  }
}
