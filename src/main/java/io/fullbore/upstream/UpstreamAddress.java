package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;

/**
 * Where an upstream is.
 *
 * @param host a name or an address, without brackets
 * @param path what its requests' paths begin with; no slash at its end
 */
record UpstreamAddress(boolean tls, String host, int port, String path) {
  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  /**
   * Takes apart what the configuration has found to be the URL of a host. {@link java.net.URI} does
   * not take names such as {@code my_host}, which are common in containers.
   */
  static UpstreamAddress of(UpstreamConfig.Upstream upstream) {
    String url = upstream.baseUrl();
    boolean tls = url.startsWith("https:");
    int start = url.indexOf("//") + 2;
    int slash = url.indexOf('/', start);
    String authority = slash < 0 ? url.substring(start) : url.substring(start, slash);
    int colon = authority.indexOf(':', authority.indexOf(']') + 1);
    String host = colon < 0 ? authority : authority.substring(0, colon);
    int port =
        colon >= 0
            ? Integer.parseInt(authority, colon + 1, authority.length(), 10)
            : tls ? HTTPS_PORT : HTTP_PORT;
    String path = slash < 0 ? "" : url.substring(slash);
    return new UpstreamAddress(tls, host.replaceAll("[\\[\\]]", ""), port, path);
  }
}
