package io.fullbore.http;

import org.jspecify.annotations.Nullable;

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
 * @param requestTimeoutMs an answer that is not complete after this time fails
 * @param corsOrigins origins whose pages may call, see {@link Cors}; null for none
 */
public record ApiSettings(
    String host,
    int port,
    long maxBodyBytes,
    int maxHeaderBytes,
    int maxConnections,
    long idleTimeoutMs,
    long keepAliveCommentMs,
    long requestTimeoutMs,
    @Nullable String corsOrigins) {
  public ApiSettings {
    if (maxBodyBytes < 1 || maxHeaderBytes < 1 || maxConnections < 1 || requestTimeoutMs < 1) {
      throw new IllegalArgumentException(
          "maxBodyBytes=%d maxHeaderBytes=%d maxConnections=%d requestTimeoutMs=%d must be positive"
              .formatted(maxBodyBytes, maxHeaderBytes, maxConnections, requestTimeoutMs));
    }
    if (corsOrigins != null) {
      Cors.from(corsOrigins); // says what is wrong with them
    }
    if (idleTimeoutMs < 0 || keepAliveCommentMs < 0) {
      throw new IllegalArgumentException(
          "idleTimeoutMs=%d keepAliveCommentMs=%d must not be negative"
              .formatted(idleTimeoutMs, keepAliveCommentMs));
    }
  }
}
