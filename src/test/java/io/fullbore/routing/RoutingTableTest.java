package io.fullbore.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.ConfigException;
import io.fullbore.config.ConfigReader;
import io.fullbore.config.ServerConfig;
import io.fullbore.config.UpstreamConfig.Policy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RoutingTableTest {
  private static RoutingTable table(Set<String> localModels, String... settings)
      throws ConfigException {
    var overrides =
        new HashMap<>(
            Map.of(
                "upstreams.0.name", "a",
                "upstreams.0.baseUrl", "http://a/v1",
                "upstreams.0.models.0.name", "big",
                "upstreams.1.name", "b",
                "upstreams.1.baseUrl", "http://b/v1",
                "upstreams.1.models.0.name", "big"));
    for (String setting : settings) {
      String[] pair = setting.split("=");
      overrides.put(pair[0], pair[1]);
    }
    ServerConfig config = new ConfigReader(Map.of()).read(null, overrides);
    return RoutingTable.of(localModels, config.upstreams(), config.aliases());
  }

  private static List<String> targets(Route route) {
    return route.choices().stream().map(choice -> choice.target().priceName()).toList();
  }

  @Test
  void everyLocalModelAndEveryUpstreamsModelHasItsName() throws ConfigException {
    RoutingTable table = table(Set.of("small"));
    assertEquals(Set.of("big", "small"), table.routes().keySet());
    assertEquals(List.of("small"), targets(table.routes().get("small")));
    assertEquals(List.of("a/big", "b/big"), targets(table.routes().get("big")));
    assertTrue(table.routes().get("big").mayForward());
    assertNull(table.find("unknown"));
  }

  @Test
  void aLocalModelIsNotShadowedByAnUpstreams() throws ConfigException {
    assertEquals(List.of("big"), targets(table(Set.of("big")).routes().get("big")));
  }

  @Test
  void anAliasHasItsTargetsAndPolicy() throws ConfigException {
    Route chat =
        table(
                Set.of("small"),
                "aliases.0.name=chat",
                "aliases.0.policy=cheapest",
                "aliases.0.spillAfterMs=70",
                "aliases.0.targets.0.model=small",
                "aliases.0.targets.1.upstream=b",
                "aliases.0.targets.1.model=big",
                "aliases.0.targets.1.weight=7",
                "aliases.0.targets.1.priority=2")
            .routes()
            .get("chat");
    assertEquals(List.of("small", "b/big"), targets(chat));
    assertEquals(Policy.CHEAPEST, chat.policy());
    assertEquals(70, chat.spillAfterMs());
    assertEquals(7, chat.choices().getLast().weight());
    assertEquals(2, chat.choices().getLast().priority());
    assertEquals(List.of(new Target.Local("small")), chat.locals());
  }

  @Test
  void refusesNamesThatMeanNothingOrTwoThings() {
    assertThrows(
        IllegalArgumentException.class,
        () -> table(Set.of("chat"), "aliases.0.name=chat", "aliases.0.targets.0.model=chat"));
    assertThrows(
        IllegalArgumentException.class,
        () -> table(Set.of(), "aliases.0.name=chat", "aliases.0.targets.0.model=small"));
  }
}
