package io.fullbore.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Carries an immutable record over the event bus: by reference inside a process, as JSON between
 * nodes.
 *
 * <pre>
 *   int32 length of the JSON in bytes | JSON, UTF-8
 * </pre>
 */
public final class RecordCodec<T extends Record> implements MessageCodec<T, T> {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  private static final List<Class<? extends Record>> MESSAGES =
      List.of(
          BatchMessage.Submit.class,
          BatchMessage.Cancel.class,
          Admission.Accepted.class,
          Admission.Refused.class,
          EngineMessage.Batch.class,
          EngineMessage.Cancel.class,
          EngineMessage.Drain.class,
          StepEvents.class,
          QueueStatus.class,
          EngineStatus.class);

  private final Class<T> type;

  RecordCodec(Class<T> type) {
    this.type = type;
  }

  /** Makes all messages of the engine's protocol known to a bus; once per Vert.x instance. */
  public static void registerAll(EventBus bus) {
    MESSAGES.forEach(type -> register(bus, type));
  }

  private static <T extends Record> void register(EventBus bus, Class<T> type) {
    bus.registerDefaultCodec(type, new RecordCodec<>(type));
  }

  @Override
  public void encodeToWire(Buffer buffer, T message) {
    try {
      byte[] json = MAPPER.writeValueAsBytes(message);
      buffer.appendInt(json.length).appendBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot encode " + type.getName(), e);
    }
  }

  @Override
  public T decodeFromWire(int position, Buffer buffer) {
    int length = buffer.getInt(position);
    int from = position + Integer.BYTES;
    String json = buffer.getString(from, from + length, StandardCharsets.UTF_8.name());
    try {
      return MAPPER.readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot decode " + type.getName(), e);
    }
  }

  @Override
  public T transform(T message) {
    return message;
  }

  @Override
  public String name() {
    return type.getName();
  }

  @Override
  public byte systemCodecID() {
    return -1;
  }
}
