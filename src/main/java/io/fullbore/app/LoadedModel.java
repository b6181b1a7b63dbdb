package io.fullbore.app;

import io.fullbore.backend.Backend;
import io.fullbore.chat.ChatTemplate;
import io.fullbore.chat.ChatTemplateException;
import io.fullbore.config.ServerConfig;
import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.Weights;
import io.fullbore.tokenizer.Tokenizer;
import java.io.IOException;

/**
 * A model file, opened and understood, and everything that is made from it. The weights are views
 * of the mapped file, so every backend must be closed before it.
 */
final class LoadedModel implements AutoCloseable {
  private final GgufFile file;
  private final String name;
  private final Architecture architecture;
  private final Weights weights;
  private final DecoderGraph graph;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;

  private LoadedModel(GgufFile file, String name) {
    this.file = file;
    this.name = name;
    architecture = Architecture.of(file.metadata());
    weights = Weights.of(file, architecture);
    graph = DecoderGraph.of(architecture, weights);
    tokenizer = Tokenizer.of(file.metadata());
    template = template(file.metadata());
  }

  /**
   * @throws IOException when the file cannot be read
   * @throws io.fullbore.core.ModelFormatException when it is no model that can be run
   */
  static LoadedModel open(ModelLocation location) throws IOException {
    return of(location.open(), location.modelName());
  }

  /** Takes the file over: it is closed with the model, or at once when it is none. */
  static LoadedModel of(GgufFile file, String name) {
    try {
      return new LoadedModel(file, name);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static ChatTemplate template(Metadata metadata) {
    try {
      return ChatTemplate.of(metadata);
    } catch (ChatTemplateException e) {
      throw new ModelFormatException("key=tokenizer.chat_template: " + e.getMessage());
    }
  }

  String name() {
    return name;
  }

  /** Names what is in the file: weights, vocabulary and template. */
  String digest() {
    return file.digest();
  }

  Architecture architecture() {
    return architecture;
  }

  Weights weights() {
    return weights;
  }

  Tokenizer tokenizer() {
    return tokenizer;
  }

  ChatTemplate template() {
    return template;
  }

  DecoderGraph graph() {
    return graph;
  }

  /** A new backend over this model's weights; close it before the model. */
  Backend backend(Placement.Replica replica, ServerConfig.Engine settings) {
    return replica.kind().open(graph, replica.sizing(), threads(settings));
  }

  /**
   * One thread per processor where the settings leave it open: the event loops take their share by
   * the scheduler, and a section waits for no thread that has not begun. Whether one thread less
   * serves better beside busy event loops has not been measured.
   */
  private static int threads(ServerConfig.Engine settings) {
    return settings.threads() == 0
        ? Runtime.getRuntime().availableProcessors()
        : settings.threads();
  }

  @Override
  public void close() {
    file.close();
  }
}
