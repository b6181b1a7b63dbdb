package io.fullbore.engine;

/** The event bus addresses of the engine's protocol. */
public final class BusAddresses {
  /** {@link EngineStatus}, published to all. */
  public static final String ENGINE_STATUS = "engine.status";

  /** {@link QueueStatus}, published to all. */
  public static final String BATCH_STATUS = "batch.status";

  private BusAddresses() {}

  /** {@link BatchMessage} to the queue of a model version. */
  public static String batch(String version) {
    return "batch." + version;
  }

  /** {@link EngineMessage} to one engine replica. */
  public static String engine(String replica) {
    return "engine." + replica;
  }

  /** {@link StepEvents} to one API instance. */
  public static String api(String instance) {
    return "api." + instance;
  }
}
