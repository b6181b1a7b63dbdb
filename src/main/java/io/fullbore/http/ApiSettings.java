package io.fullbore.http;

/**
 * How the HTTP server listens and what it puts up with.
 *
 * @param host address to listen on
 * @param port 0 for any free one; a negative number for any free one that all instances deployed
 *     with the same number share
 * @param maxBodyBytes longest request body; longer ones are answered with 413
 * @param maxHeaderBytes longest request head
 * @param keepAliveCommentMs a stream gets a comment when nothing was written for so long; 0 is
 *     never
 */
public record ApiSettings(
    String host, int port, long maxBodyBytes, int maxHeaderBytes, long keepAliveCommentMs) {
  public ApiSettings {
    if (maxBodyBytes < 1 || maxHeaderBytes < 1 || keepAliveCommentMs < 0) {
      throw new IllegalArgumentException(
          "maxBodyBytes=%d maxHeaderBytes=%d must be positive, keepAliveCommentMs=%d not negative"
              .formatted(maxBodyBytes, maxHeaderBytes, keepAliveCommentMs));
    }
  }
}
