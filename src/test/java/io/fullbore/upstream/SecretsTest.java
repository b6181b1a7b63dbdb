package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.fullbore.config.UpstreamConfig.Header;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretsTest {
  private static Settings settings(Header... headers) {
    var settings = new Settings("http://localhost");
    settings.apiKey = "sk-key";
    settings.headers = List.of(headers);
    return settings;
  }

  @ParameterizedTest
  @CsvSource({
    "a sk-key and sk-key, a *** and ***",
    "sk-keysk-key, ******",
    "Bearer 0123456789, ***",
    "token 0123456789!, token ***!",
    "Bearer none, Bearer none",
    "a 1 is a 1, a 1 is a 1",
    "sk-key-longer, ***",
    "'', ''"
  })
  void secretsAreHidden(String text, String hidden) {
    var secrets =
        new Secrets(
            settings(
                    new Header("Authorization", "Bearer 0123456789"),
                    new Header("X-Beta", "1"),
                    new Header("X-Other", "sk-key-longer"))
                .build());
    assertEquals(hidden, secrets.hide(text));
  }

  @Test
  void nothingPrintsASecret() {
    var settings = settings(new Header("X-Token", "0123456789"));
    String printed = shared(settings).toString() + shared(settings).settings();
    assertFalse(printed.contains("sk-key"), printed);
    assertFalse(printed.contains("0123456789"), printed);
  }

  private static SharedUpstream shared(Settings settings) {
    return SharedUpstream.of(
        settings.build(), new WatchedGate(), InstantSource.system(), System::nanoTime);
  }
}
