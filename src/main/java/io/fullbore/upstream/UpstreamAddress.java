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
  private static final int MAX_PORT = 65_535;

  /**
   * Reads what the configuration has found to be an {@code http} or {@code https} URL. Names that
   * {@link java.net.URI} does not take, such as {@code my_host}, are common in containers.
   *
   * @throws IllegalArgumentException where host or port make no sense
   */
  static UpstreamAddress of(UpstreamConfig.Upstream upstream) {
    String url = upstream.baseUrl();
    boolean tls = url.startsWith("https:");
    int start = url.indexOf("//") + 2;
    int slash = url.indexOf('/', start);
    String authority = slash < 0 ? url.substring(start) : url.substring(start, slash);
    String path = slash < 0 ? "" : url.substring(slash).replaceAll("/+$", "");
    int hostEnd = authority.startsWith("[") ? authority.indexOf(']') + 1 : authority.indexOf(':');
    String host = hostEnd < 0 ? authority : authority.substring(0, hostEnd);
    String rest = authority.substring(host.length());
    int port = rest.isEmpty() ? (tls ? HTTPS_PORT : HTTP_PORT) : port(rest);
    if (host.isEmpty() || port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException(
          "upstreams: name=%s has a baseUrl whose host or port cannot be used"
              .formatted(upstream.name()));
    }
    return new UpstreamAddress(tls, host.replaceAll("[\\[\\]]", ""), port, path);
  }

  /** 0 where it is none. */
  private static int port(String withColon) {
    return withColon.matches(":\\d{1,5}")
        ? Integer.parseInt(withColon, 1, withColon.length(), 10)
        : 0;
  }
}
