package io.fullbore.config;

import static io.fullbore.config.ByteSize.GIB;
import static io.fullbore.config.ByteSize.KIB;
import static io.fullbore.config.ByteSize.MIB;
import static io.fullbore.config.ByteSize.TIB;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, immutable. Each record stands beside its {@link Section}: the only place
 * where names, defaults, ranges and meanings are stated. A new section is one record with its rows,
 * one component here, and one row in {@link #SECTION}.
 *
 * <p>{@link ConfigReader} makes it in production; tests may call the constructors, which check the
 * same ranges and throw IllegalArgumentException.
 */
public record ServerConfig(
    Http http,
    GatewayConfig.Auth auth,
    GatewayConfig.Redis redis,
    GatewayConfig.Cache cache,
    GatewayConfig.Limits limits,
    List<GatewayConfig.Price> prices,
    List<Model> models,
    List<UpstreamConfig.Upstream> upstreams,
    List<UpstreamConfig.Alias> aliases,
    Engine engine,
    Batch batch,
    Log log) {
  static final Section<ServerConfig> SECTION =
      Section.of(
          ServerConfig.class,
          "The whole configuration.",
          Field.section("http", Http.SECTION),
          Field.section("auth", GatewayConfig.Auth.SECTION),
          Field.section("redis", GatewayConfig.Redis.SECTION),
          Field.section("cache", GatewayConfig.Cache.SECTION),
          Field.section("limits", GatewayConfig.Limits.SECTION),
          Field.list("prices", GatewayConfig.Price.SECTION),
          Field.list("models", Model.SECTION),
          Field.list("upstreams", UpstreamConfig.Upstream.SECTION),
          Field.list("aliases", UpstreamConfig.Alias.SECTION),
          Field.section("engine", Engine.SECTION),
          Field.section("batch", Batch.SECTION),
          Field.section("log", Log.SECTION));

  private static final long DAY_MS = 86_400_000;

  public ServerConfig {
    models = List.copyOf(models);
    prices = List.copyOf(prices);
    upstreams = List.copyOf(upstreams);
    aliases = List.copyOf(aliases);
    UpstreamConfig.check(upstreams, aliases);
    List<@Nullable String> names = new ArrayList<>();
    models.forEach(model -> names.add(model.name()));
    Rules.requireOnce("models", names);
  }

  /** What holds when no source says anything: no models, and the defaults of every section. */
  public static ServerConfig defaults() {
    return SECTION.defaults();
  }

  /** The same with other models. */
  public ServerConfig withModels(List<Model> others) {
    return with(others, upstreams);
  }

  /** The same with other upstreams. */
  ServerConfig withUpstreams(List<UpstreamConfig.Upstream> others) {
    return with(models, others);
  }

  /**
   * The listed prices after those of the upstreams' models, which stand under {@link
   * UpstreamConfig.Upstream#fullName}: the last price of a name counts.
   */
  public List<GatewayConfig.Price> allPrices() {
    List<GatewayConfig.Price> all = new ArrayList<>();
    for (UpstreamConfig.Upstream upstream : upstreams) {
      for (UpstreamConfig.UpstreamModel model : upstream.models()) {
        all.add(
            new GatewayConfig.Price(
                upstream.fullName(model.name()),
                model.promptMicrosPerMillion(),
                model.answerMicrosPerMillion()));
      }
    }
    all.addAll(prices);
    return List.copyOf(all);
  }

  private ServerConfig with(List<Model> otherModels, List<UpstreamConfig.Upstream> otherUpstreams) {
    return new ServerConfig(
        http,
        auth,
        redis,
        cache,
        limits,
        prices,
        otherModels,
        otherUpstreams,
        aliases,
        engine,
        batch,
        log);
  }

  /** The HTTP server. */
  public record Http(
      String host,
      int port,
      long maxBodyBytes,
      int maxHeaderBytes,
      int maxConnections,
      long idleTimeoutMs,
      long keepAliveCommentMs,
      int eventLoops,
      @Nullable String tlsCertPath,
      @Nullable String tlsKeyPath,
      @Nullable String corsOrigins) {
    static final Section<Http> SECTION =
        Section.of(
            Http.class,
            "The HTTP server.",
            Field.text("host", "127.0.0.1", "Address to listen on; `0.0.0.0` is every interface."),
            Field.whole("port", 8080, 0, 65_535, "Port to listen on; 0 takes any free one."),
            Field.bytes("maxBodyBytes", 8 * MIB, KIB, GIB, "Longest request body."),
            Field.bytes("maxHeaderBytes", 16 * KIB, KIB, MIB, "Longest request head."),
            Field.whole("maxConnections", 10_000, 1, 1_000_000, "Most open connections."),
            Field.whole(
                "idleTimeoutMs",
                300_000,
                0,
                DAY_MS,
                "An idle keep-alive connection is closed after this time; 0 is never."),
            Field.whole(
                "keepAliveCommentMs",
                10_000,
                0,
                DAY_MS,
                "A stream that produces nothing gets an SSE comment this often; 0 is never."),
            Field.whole("eventLoops", 0, 0, 1024, "Event loop threads; 0 is automatic."),
            Field.optionalText(
                "tlsCertPath",
                "PEM file with the certificate chain; read again when it changes. With"
                    + " `tlsKeyPath`: HTTPS, with HTTP/2."),
            Field.optionalText("tlsKeyPath", "PEM file with the certificate's private key."),
            Field.optionalText(
                "corsOrigins",
                "Origins whose pages may call, with commas between, or `*`; none without."));

    public Http {
      if ((tlsCertPath == null) != (tlsKeyPath == null)) {
        throw new IllegalArgumentException(
            "http: tlsCertPath=%s tlsKeyPath=%s, but TLS needs both"
                .formatted(tlsCertPath, tlsKeyPath));
      }
      SECTION.check(
          host,
          port,
          maxBodyBytes,
          maxHeaderBytes,
          maxConnections,
          idleTimeoutMs,
          keepAliveCommentMs,
          eventLoops,
          tlsCertPath,
          tlsKeyPath,
          corsOrigins);
    }
  }

  /**
   * One served model.
   *
   * @param name null for the file's name without its ending
   */
  public record Model(@Nullable String name, String path, int contextTokens) {
    static final Section<Model> SECTION =
        Section.of(
            Model.class,
            "The models to serve.",
            Field.optionalText(
                "name", "Name in the API; without one, the file's name without `.gguf`."),
            Field.requiredText("path", "The model file (GGUF)."),
            Field.whole(
                "contextTokens",
                0,
                0,
                1 << 24,
                "Longest prompt and answer together; 0 is the model's own limit."));

    public Model {
      SECTION.check(name, path, contextTokens);
    }
  }

  /** Which backend computes. */
  public enum BackendChoice {
    /** The fastest one that this machine has. */
    AUTO,
    CPU,
    /** An NVIDIA GPU. */
    CUDA
  }

  /** How the KV cache stores keys and values. */
  public enum KvCacheType {
    /** In 16 bits. */
    AUTO,
    /** In 8-bit floats (e4m3), on a GPU. */
    F8
  }

  /** Which code computes on the processor. */
  public enum KernelChoice {
    /** The fastest that runs here. */
    AUTO,
    /** Plain Java. */
    SCALAR,
    AVX2,
    AVX512,
    AVX512_BF16,
    NEON
  }

  /** The inference engine of each model. */
  public record Engine(
      BackendChoice backend,
      KernelChoice kernels,
      int threads,
      int replicas,
      int blockTokens,
      long kvCacheBytes,
      KvCacheType kvCacheType,
      long kvHostBytes,
      int maxRunning,
      int maxStepTokens,
      long stepTargetMs,
      boolean prefixCache,
      long requestTimeoutMs) {
    static final Section<Engine> SECTION =
        Section.of(
            Engine.class,
            "The inference engine of each model.",
            Field.choice(
                "backend",
                BackendChoice.AUTO,
                "What computes; `auto` is a GPU where there is one that holds the model, else the"
                    + " processor."),
            Field.choice(
                "kernels",
                KernelChoice.AUTO,
                "Code that computes on the processor: C for an instruction set, or `scalar` Java;"
                    + " `auto` is the fastest that runs here."),
            Field.whole("threads", 0, 0, 4096, "Compute threads; 0 is one per processor."),
            Field.whole(
                "replicas",
                0,
                0,
                64,
                "Engines per model, each with its own weights and KV cache; 0 is one per GPU, or"
                    + " one on the processor."),
            Field.powerOfTwo("blockTokens", 16, 1, 256, "Tokens in one block of the KV cache."),
            Field.bytes(
                "kvCacheBytes",
                0,
                0,
                16 * TIB,
                "Size of the KV cache; 0 is automatic: on a GPU what is free, less a reserve."),
            Field.choice(
                "kvCacheType",
                KvCacheType.AUTO,
                "How keys and values are stored: `auto` is 16 bits, `f8` is 8, on a GPU alone."),
            Field.bytes(
                "kvHostBytes",
                0,
                0,
                16 * TIB,
                "On a GPU: pinned memory of the host that keeps KV blocks evicted from VRAM; 0 is"
                    + " automatic, less than a block is none."),
            Field.whole(
                "maxRunning",
                0,
                0,
                4096,
                "Most sequences computed at once, per engine; 0 is 32 on the processor and 256 on a"
                    + " GPU."),
            Field.whole(
                "maxStepTokens",
                0,
                0,
                1 << 20,
                "Most tokens computed in one step; 0 is 512 on the processor and 2048 on a GPU."),
            Field.whole(
                "stepTargetMs",
                40,
                1,
                60_000,
                "Prefill chunks are sized so that one step takes about this long."),
            Field.flag("prefixCache", true, "Reuse the KV blocks of prompts that begin alike."),
            Field.whole(
                "requestTimeoutMs",
                600_000,
                1,
                DAY_MS,
                "A request that takes longer, waiting included, fails."));

    public Engine {
      SECTION.check(
          backend,
          kernels,
          threads,
          replicas,
          blockTokens,
          kvCacheBytes,
          kvCacheType,
          kvHostBytes,
          maxRunning,
          maxStepTokens,
          stepTargetMs,
          prefixCache,
          requestTimeoutMs);
    }
  }

  /** How waiting requests become batches. */
  public record Batch(
      int maxBatchSize, long timeoutMs, int maxQueuedRequests, int maxQueuedTokens) {
    static final Section<Batch> SECTION =
        Section.of(
            Batch.class,
            "How waiting requests become batches.",
            Field.whole("maxBatchSize", 16, 1, 4096, "So many waiting requests are sent at once."),
            Field.whole("timeoutMs", 500, 0, 60_000, "The oldest request waits at most this long."),
            Field.whole(
                "maxQueuedRequests",
                256,
                1,
                1_000_000,
                "Most waiting requests per model; further ones are refused with 429."),
            Field.whole(
                "maxQueuedTokens",
                262_144,
                1,
                Integer.MAX_VALUE,
                "Most waiting prompt tokens per model; what exceeds them is refused with 429."));

    public Batch {
      SECTION.check(maxBatchSize, timeoutMs, maxQueuedRequests, maxQueuedTokens);
    }
  }

  /** How much is logged. */
  public enum LogLevel {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR
  }

  /** The log. */
  public record Log(LogLevel level) {
    static final Section<Log> SECTION =
        Section.of(
            Log.class,
            "The log.",
            Field.choice("level", LogLevel.INFO, "Least severe messages that are shown."));

    public Log {
      SECTION.check(level);
    }
  }
}
