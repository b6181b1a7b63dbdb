package io.fullbore.http;

/**
 * How the HTTP server listens and what it puts up with.
 *
 * @param host address to listen on
 * @param port 0 for any free one; a negative number for any free one that all instances deployed
 *     with the same number share
 * @param maxBodyBytes longest request body; longer ones are answered with 413
 * @param maxHeaderBytes longest request head
 * @param maxConnections open connections of one instance; further ones are closed at once
 * @param idleTimeoutMs a connection without any request under way is closed after this time; 0 is
 *     never
 * @param keepAliveCommentMs a stream gets a comment when nothing was written for so long; 0 is
 *     never
 */
public record ApiSettings(
    String host,
    int port,
    long maxBodyBytes,
    int maxHeaderBytes,
    int maxConnections,
    long idleTimeoutMs,
    long keepAliveCommentMs) {
  private static final int DEFAULT_MAX_CONNECTIONS = 10_000;
  private static final long DEFAULT_IDLE_TIMEOUT_MS = 300_000;

  public ApiSettings {
    if (maxBodyBytes < 1 || maxHeaderBytes < 1 || maxConnections < 1) {
      throw new IllegalArgumentException(
          "maxBodyBytes=%d maxHeaderBytes=%d maxConnections=%d must be positive"
              .formatted(maxBodyBytes, maxHeaderBytes, maxConnections));
    }
    if (idleTimeoutMs < 0 || keepAliveCommentMs < 0) {
      throw new IllegalArgumentException(
          "idleTimeoutMs=%d keepAliveCommentMs=%d must not be negative"
              .formatted(idleTimeoutMs, keepAliveCommentMs));
    }
  }

  /** With 10,000 connections that may be idle for five minutes. */
  public ApiSettings(
      String host, int port, long maxBodyBytes, int maxHeaderBytes, long keepAliveCommentMs) {
    this(
        host,
        port,
        maxBodyBytes,
        maxHeaderBytes,
        DEFAULT_MAX_CONNECTIONS,
        DEFAULT_IDLE_TIMEOUT_MS,
        keepAliveCommentMs);
  }
}
