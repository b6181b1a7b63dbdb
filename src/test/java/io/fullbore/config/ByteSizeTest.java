package io.fullbore.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "4096 B, 4096",
    "16KiB, 16384",
    "8MiB, 8388608",
    "8 mib, 8388608",
    "1.5GiB, 1610612736",
    "2GB, 2000000000",
    "3kB, 3000",
    "1TiB, 1099511627776",
    "9223372036854775807, 9223372036854775807"
  })
  void readsNumbersWithUnits(String text, long bytes) {
    assertEquals(OptionalLong.of(bytes), ByteSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-1",
        "+1",
        "MiB",
        "8M",
        "8iB",
        "8 MiBs",
        "1e3",
        "0.5",
        "0.3KiB",
        "1,5GiB",
        "0x10",
        "9223372036854775808",
        "99999999999999999999TiB",
        "1000000000000000000000000"
      })
  void rejectsEverythingElse(String text) {
    assertEquals(OptionalLong.empty(), ByteSize.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1000, 1000",
    "1024, 1KiB",
    "8388608, 8MiB",
    "1536, 1536",
    "1610612736, 1536MiB",
    "1073741824, 1GiB",
    "17592186044416, 16TiB"
  })
  void writesTheShortestExactForm(long bytes, String text) {
    assertEquals(text, ByteSize.format(bytes));
    assertEquals(OptionalLong.of(bytes), ByteSize.parse(text));
  }
}
