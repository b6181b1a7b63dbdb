package io.fullbore.stub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How a request is answered. Its JSON form has these fields, of which a change names some: {@code
 * {"pace":{"latency":"fixed:20"},"answer":{"tokens":100},"faults":[{"kind":"cut","rate":0.1}]}}.
 *
 * @param faults the first that hits a request counts
 */
public record StubBehaviour(Pace pace, AnswerShape answer, List<Fault> faults) {
  public static final StubBehaviour PLAIN =
      new StubBehaviour(Pace.INSTANT, AnswerShape.PLAIN, List.of());

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS).build();

  public StubBehaviour {
    faults = List.copyOf(faults);
  }

  /** One that goes wrong. */
  public static StubBehaviour of(Fault... faults) {
    return PLAIN.with(faults);
  }

  public StubBehaviour with(Pace pace) {
    return new StubBehaviour(pace, answer, faults);
  }

  public StubBehaviour with(AnswerShape answer) {
    return new StubBehaviour(pace, answer, faults);
  }

  /** In place of those that it has. */
  public StubBehaviour with(Fault... faults) {
    return new StubBehaviour(pace, answer, List.of(faults));
  }

  /** Draws what goes wrong this time. */
  Optional<Fault> drawFault(RandomGenerator random) {
    return faults.stream()
        .filter(fault -> fault.rate() >= 1 || random.nextDouble() < fault.rate())
        .findFirst();
  }

  /**
   * The same with some fields changed; faults are replaced together.
   *
   * @throws IllegalArgumentException where the text is not such JSON
   */
  public StubBehaviour changed(String json) {
    try {
      JsonNode changes = MAPPER.readTree(json);
      ObjectNode tree = MAPPER.valueToTree(this);
      if (changes.get("faults") instanceof ArrayNode given) {
        ArrayNode filled = MAPPER.createArrayNode();
        ObjectNode usual = MAPPER.valueToTree(Fault.of(Fault.Kind.STATUS));
        for (JsonNode fault : given) {
          filled.add(usual.deepCopy().<ObjectNode>setAll((ObjectNode) fault));
        }
        given.removeAll();
        given.addAll(filled);
      }
      merge(tree, (ObjectNode) changes);
      return MAPPER.treeToValue(tree, StubBehaviour.class);
    } catch (JsonProcessingException | ClassCastException e) {
      throw new IllegalArgumentException("not a behaviour: " + json, e);
    }
  }

  private static void merge(ObjectNode into, ObjectNode changes) {
    for (var change : changes.properties()) {
      if (change.getValue() instanceof ObjectNode inner
          && into.get(change.getKey()) instanceof ObjectNode old) {
        merge(old, inner);
      } else {
        into.set(change.getKey(), change.getValue());
      }
    }
  }

  /** Its JSON form, with all fields. */
  public String json() {
    return MAPPER.valueToTree(this).toString();
  }
}
