package io.fullbore.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.GatewayConfig.Auth;
import io.fullbore.config.GatewayConfig.Cache;
import io.fullbore.config.GatewayConfig.Limits;
import io.fullbore.config.GatewayConfig.MoneyFallback;
import io.fullbore.config.GatewayConfig.Price;
import io.fullbore.config.GatewayConfig.Redis;
import io.fullbore.config.GatewayConfig.RedisMode;
import io.fullbore.config.ServerConfig.BackendChoice;
import io.fullbore.config.ServerConfig.Batch;
import io.fullbore.config.ServerConfig.Engine;
import io.fullbore.config.ServerConfig.Http;
import io.fullbore.config.ServerConfig.KernelChoice;
import io.fullbore.config.ServerConfig.KvCacheType;
import io.fullbore.config.ServerConfig.Log;
import io.fullbore.config.ServerConfig.LogLevel;
import io.fullbore.config.ServerConfig.Model;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerConfigTest {
  @Test
  void hasTheDocumentedDefaults() {
    assertEquals(
        new ServerConfig(
            new Http(
                "127.0.0.1", 8080, 8 << 20, 16 << 10, 10_000, 300_000, 10_000, 0, null, null, null),
            new Auth(null, null),
            new Redis(null, RedisMode.SINGLE, null, 40),
            new Cache(true, 64 << 20, 1 << 20, 300_000, 1_800_000, 86_400_000, 5, 10_000, 1_000),
            new Limits(0, 50, MoneyFallback.CLOSED, 1_000_000),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            new Engine(
                BackendChoice.AUTO,
                KernelChoice.AUTO,
                0,
                0,
                16,
                0,
                KvCacheType.AUTO,
                0,
                0,
                0,
                40,
                true,
                600_000),
            new Batch(16, 500, 256, 262_144),
            new Log(LogLevel.INFO)),
        ServerConfig.defaults());
  }

  @Test
  void everyDefaultIsAllowedByItsOwnRow() {
    for (Section<?> section :
        List.of(
            Http.SECTION,
            Auth.SECTION,
            Redis.SECTION,
            Cache.SECTION,
            Limits.SECTION,
            Price.SECTION,
            Engine.SECTION,
            Batch.SECTION,
            Log.SECTION,
            Model.SECTION,
            UpstreamConfig.Upstream.SECTION,
            UpstreamConfig.UpstreamModel.SECTION,
            UpstreamConfig.Alias.SECTION,
            UpstreamConfig.Target.SECTION)) {
      for (Field field : section.fields()) {
        if (field.type() instanceof FieldType.Scalar scalar && field.fallback() != null) {
          assertTrue(scalar.allows(field.fallback()), field.toString());
          assertTrue(scalar.parse(scalar.format(field.fallback())).isPresent(), field.toString());
        }
      }
    }
  }

  @Test
  void recordsCheckTheirRanges() {
    var mistake =
        assertThrows(IllegalArgumentException.class, () -> new Batch(0, 500, 256, 262_144));
    assertEquals(
        "Batch.maxBatchSize=0, allowed: a whole number from 1 to 4096", mistake.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Engine(
                BackendChoice.CPU,
                KernelChoice.AUTO,
                0,
                0,
                24,
                0,
                KvCacheType.AUTO,
                0,
                32,
                512,
                40,
                true,
                1));
    assertThrows(IllegalArgumentException.class, () -> new Model(null, " ", 0));
    assertEquals(0, new Model(null, "a.gguf", 0).contextTokens());
  }

  @Test
  void tlsNeedsBothFiles() {
    var mistake =
        assertThrows(
            IllegalArgumentException.class,
            () -> new Http("h", 1, 8 << 20, 16 << 10, 1, 0, 0, 0, "cert.pem", null, null));
    assertEquals(
        "http: tlsCertPath=cert.pem tlsKeyPath=null, but TLS needs both", mistake.getMessage());
  }

  @Test
  void theListOfModelsCannotBeChanged() {
    ServerConfig defaults = ServerConfig.defaults();
    List<Model> models = new ArrayList<>(List.of(new Model("a", "a.gguf", 0)));
    ServerConfig config = defaults.withModels(models);
    models.clear();
    assertEquals(1, config.models().size());
    assertThrows(UnsupportedOperationException.class, () -> config.models().clear());
  }

  @Test
  void noTwoKeysShareAnEnvironmentVariable() {
    List<String> keys = Keys.dotted();
    var variables = new HashSet<String>();
    for (String key : keys) {
      String dotted = key.replace("." + Keys.INDEX + ".", ".7.");
      String variable = Field.environmentName(dotted).replace('.', '_');
      assertTrue(variables.add(variable), variable);
      assertEquals(dotted, Keys.ofEnvironment(variable).orElseThrow().dotted());
      assertEquals(dotted, Keys.ofDotted(dotted).orElseThrow().dotted());
    }
  }

  @Test
  void rowsMustCarryTheNamesOfTheComponents() {
    assertThrows(
        IllegalStateException.class,
        () -> Section.of(Log.class, "", Field.choice("levle", LogLevel.INFO, "")));
  }
}
