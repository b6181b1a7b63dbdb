package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UpstreamAddressTest {
  private static UpstreamAddress address(String baseUrl) {
    return UpstreamAddress.of(new Settings(baseUrl).build());
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com/v1, true, api.openai.com, 443, /v1",
    "http://my_vllm:8000/v1/, false, my_vllm, 8000, /v1",
    "http://127.0.0.1, false, 127.0.0.1, 80, ''",
    "http://[::1]:8080/a/b//, false, ::1, 8080, /a/b",
    "https://[2001:db8::1], true, 2001:db8::1, 443, ''"
  })
  void aBaseUrlIsTakenApart(String url, boolean tls, String host, int port, String path) {
    assertEquals(new UpstreamAddress(tls, host, port, path), address(url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://:80",
        "http:///v1",
        "http://a:0",
        "http://a:65536",
        "http://a:b",
        "http://a:1:2"
      })
  void whatIsNoAddressIsRefused(String url) {
    assertThrows(IllegalArgumentException.class, () -> address(url));
  }
}
