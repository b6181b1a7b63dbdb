package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.ServerConfig;
import io.fullbore.core.ModelFormatException;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A damaged or hostile model file is refused in words, whatever part of it is wrong. */
@Timeout(60)
class HostileModelTest {
  private static final int MUTATIONS = 3_000;

  @TempDir Path folder;

  @Test
  void everyMutationOfTheHeaderLoadsOrIsRefused() throws IOException {
    byte[] file = synthesize();
    int headerBytes = headerBytes(file);
    Random random = new Random(17);
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = file.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        int at = random.nextInt(headerBytes);
        mutated[at] =
            switch (random.nextInt(3)) {
              case 0 -> (byte) (mutated[at] ^ (1 << random.nextInt(8)));
              case 1 -> (byte) random.nextInt(256);
              default -> (byte) (random.nextBoolean() ? 0 : -1);
            };
      }
      refused += load(mutated) ? 0 : 1;
    }
    assertTrue(refused > 0 && refused < MUTATIONS, "refused=" + refused);
  }

  private byte[] synthesize() throws IOException {
    Path path = folder.resolve("m.gguf");
    SyntheticModel.builder("qwen3")
        .dim(32)
        .heads(2, 1)
        .headDim(16)
        .layers(1)
        .ffn(32)
        .vocabularyTokens(300)
        .contextTokens(64)
        .build()
        .write(path, bytes -> {});
    return Files.readAllBytes(path);
  }

  /** Where the description ends: behind the last tensor's name and a little more. */
  private static int headerBytes(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    return text.lastIndexOf(".weight") + 64;
  }

  private static boolean load(byte[] bytes) {
    GgufFile file;
    try {
      file = GgufFile.of(MemorySegment.ofArray(bytes), "mutated");
    } catch (ModelFormatException e) {
      return false;
    }
    try (LoadedModel model = LoadedModel.of(file, "mutated")) {
      ServerConfig.Engine engine = ServerConfig.defaults().engine();
      Placement.of(model, engine, 0, 1);
      return true;
    } catch (ModelFormatException | UsageException e) {
      return false;
    }
  }
}
