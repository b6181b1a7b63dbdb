import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * What was measured, step by step: one JSON file each, written anew whenever something comes to it,
 * and the report made of all. Files of earlier runs are read, so that steps may be run one by one.
 */
final class GpuResults {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Map<GpuBench.Step, ObjectNode> steps = new EnumMap<>(GpuBench.Step.class);

  GpuResults(Path folder) {
    this.folder = folder;
  }

  /** What a step has so far; missing parts are missing nodes. */
  JsonNode of(GpuBench.Step step) throws IOException {
    if (steps.containsKey(step)) {
      return steps.get(step);
    }
    Path file = file(step);
    return Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
  }

  private ObjectNode own(GpuBench.Step step) {
    return steps.computeIfAbsent(step, ignored -> JSON.createObjectNode());
  }

  void add(GpuBench.Step step, String name, Object value) throws IOException {
    own(step).set(name, JSON.valueToTree(value));
    write(step);
  }

  /** Adds to a list. */
  void append(GpuBench.Step step, String list, Object value) throws IOException {
    own(step).withArray("/" + list).add(JSON.<JsonNode>valueToTree(value));
    write(step);
  }

  void note(GpuBench.Step step, String text) throws IOException {
    append(step, "notes", text);
  }

  void write(GpuBench.Step step) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file(step).toFile(), own(step));
    Files.writeString(folder.resolve("report.md"), report());
  }

  Path folder() {
    return folder;
  }

  String report() throws IOException {
    return new GpuReport(this).text();
  }

  private Path file(GpuBench.Step step) {
    return folder.resolve(step.label() + ".json");
  }
}
