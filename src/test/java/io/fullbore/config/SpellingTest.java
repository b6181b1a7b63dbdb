package io.fullbore.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpellingTest {
  @Test
  void countsEditsAndSwaps() {
    assertEquals(0, Spelling.distance("port", "PORT"));
    assertEquals(1, Spelling.distance("prot", "port"));
    assertEquals(1, Spelling.distance("por", "port"));
    assertEquals(3, Spelling.distance("kitten", "sitting"));
    assertEquals(4, Spelling.distance("", "port"));
  }

  @Test
  void findsTheClosestWithinAThirdOfTheLength() {
    List<String> names = List.of("host", "port", "maxBodyBytes");
    assertEquals(Optional.of("port"), Spelling.closest("prot", names));
    assertEquals(Optional.of("maxBodyBytes"), Spelling.closest("max_body_bytes", names));
    assertEquals(Optional.empty(), Spelling.closest("colour", names));
  }
}
