package io.fullbore.config;

import static io.fullbore.config.Rules.require;
import static io.fullbore.config.Rules.requireOnce;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The part of {@link ServerConfig} that says who else answers: upstream APIs, and the names that
 * local models and upstreams serve together. Each record stands beside its {@link Section}, as
 * there.
 */
public final class UpstreamConfig {
  private static final long DAY_MS = 86_400_000;
  private static final long MAX_MICROS = 1_000_000_000_000_000L;
  private static final int MAX_WEIGHT = 1_000_000;
  private static final int MAX_PORT = 65_535;

  private UpstreamConfig() {}

  /** How an upstream wants to be spoken to. */
  public enum Dialect {
    /** OpenAI's API, and whatever is compatible with it. */
    OPENAI,
    /** OpenAI's models in Azure: a deployment in the path, the key in a header of its own. */
    AZURE,
    /** Anthropic's messages API; requests and answers are translated. */
    ANTHROPIC
  }

  /**
   * An API that requests are forwarded to.
   *
   * @param apiKey null for none; what {@code keyEnv} names is found here
   * @param apiVersion null for the dialect's own
   */
  public record Upstream(
      String name,
      Dialect dialect,
      String baseUrl,
      @Nullable String apiKey,
      @Nullable String keyEnv,
      @Nullable String apiVersion,
      List<Header> headers,
      List<UpstreamModel> models,
      int maxConcurrent,
      int maxQueued,
      long queueTimeoutMs,
      long requestsPerMinute,
      long tokensPerMinute,
      long connectTimeoutMs,
      long firstTokenTimeoutMs,
      long idleTimeoutMs,
      int maxRetries,
      boolean hedge) {
    static final Section<Upstream> SECTION =
        Section.of(
            Upstream.class,
            "APIs that requests are forwarded to.",
            Field.requiredText("name", "Names it in aliases, headers and logs."),
            Field.choice("dialect", Dialect.OPENAI, "How it wants to be spoken to."),
            Field.requiredText("baseUrl", "Such as `https://api.openai.com/v1`."),
            Field.optionalText("apiKey", "Its key; better named by `keyEnv`."),
            Field.optionalText("keyEnv", "The environment variable that holds its key."),
            Field.optionalText(
                "apiVersion", "Azure's `api-version`, or Anthropic's `anthropic-version`."),
            Field.list("headers", Header.SECTION),
            Field.list("models", UpstreamModel.SECTION),
            Field.whole("maxConcurrent", 64, 1, 100_000, "Most requests at it at once."),
            Field.whole(
                "maxQueued",
                128,
                0,
                1_000_000,
                "Most requests that wait for one of those; further ones go elsewhere or get 429."),
            Field.whole(
                "queueTimeoutMs", 5_000, 0, DAY_MS, "A request waits at most this long there."),
            Field.whole(
                "requestsPerMinute", 0, 0, 1_000_000_000, "Most requests a minute; 0 is no limit."),
            Field.whole(
                "tokensPerMinute",
                0,
                0,
                1_000_000_000_000L,
                "Most tokens a minute, prompt and answer; 0 is no limit."),
            Field.whole("connectTimeoutMs", 3_000, 1, 600_000, "Longest time to connect."),
            Field.whole(
                "firstTokenTimeoutMs",
                60_000,
                1,
                DAY_MS,
                "Longest time from sending a request to a stream's first piece, or to the head of a"
                    + " whole answer, which most upstreams send when all of it is ready."),
            Field.whole(
                "idleTimeoutMs", 30_000, 1, DAY_MS, "Longest time between two pieces of a stream."),
            Field.whole(
                "maxRetries",
                2,
                0,
                10,
                "Most repetitions of one request, before its first token, while fewer than a tenth"
                    + " of all requests are repetitions."),
            Field.flag(
                "hedge",
                false,
                "Send a whole answer's request once more where it takes longer than 95 of 100."));

    /** Without a slash, which stands between it and a model's name. */
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

    /** Scheme, host, port and path; a percent sign begins two hex digits. */
    private static final Pattern BASE_URL =
        Pattern.compile(
            "(?!.*%(?![0-9A-Fa-f]{2}))"
                + "https?://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:(?<port>\\d{1,5}))?"
                + "(/[A-Za-z0-9._~!$&'()*+,;=:/%-]*)?");

    /** Not one of the variables that state the configuration itself. */
    private static final String VARIABLE = "(?!FULLBORE_)[A-Za-z_][A-Za-z0-9_]*";

    public Upstream {
      headers = List.copyOf(headers);
      models = List.copyOf(models);
      SECTION.check(
          name,
          dialect,
          baseUrl,
          apiKey,
          keyEnv,
          apiVersion,
          headers,
          models,
          maxConcurrent,
          maxQueued,
          queueTimeoutMs,
          requestsPerMinute,
          tokensPerMinute,
          connectTimeoutMs,
          firstTokenTimeoutMs,
          idleTimeoutMs,
          maxRetries,
          hedge);
      checkAddress(name, baseUrl);
      checkKey(name, apiKey, keyEnv);
      checkVersion(name, dialect, apiVersion);
      requireOnce("models", models.stream().map(UpstreamModel::name).toList());
      baseUrl = baseUrl.replaceFirst("/+$", "");
    }

    private static void checkAddress(String name, String baseUrl) {
      require(
          name.matches(NAME) && !name.equals(Target.LOCAL),
          "name",
          "upstreams: name=%s must be at most 64 letters, digits, '.', '_' and '-', and not '%s'",
          name,
          Target.LOCAL);
      require(
          isBaseUrl(baseUrl),
          "baseUrl",
          "upstreams: name=%s needs a baseUrl such as https://api.openai.com/v1, without user,"
              + " query and fragment",
          name);
    }

    private static void checkKey(String name, @Nullable String apiKey, @Nullable String keyEnv) {
      require(
          apiKey == null || apiKey.matches("[!-~]+"),
          "apiKey",
          "upstreams: name=%s has an apiKey with characters that no key has",
          name);
      require(
          keyEnv == null || keyEnv.matches(VARIABLE),
          "keyEnv",
          "upstreams: name=%s needs the name of an environment variable as its keyEnv: letters,"
              + " digits and '_', not beginning with FULLBORE_",
          name);
    }

    private static void checkVersion(String name, Dialect dialect, @Nullable String apiVersion) {
      require(
          apiVersion != null || dialect != Dialect.AZURE,
          "apiVersion",
          "upstreams: name=%s is of Azure and needs an apiVersion",
          name);
      require(
          apiVersion == null || apiVersion.matches("[A-Za-z0-9._-]+"),
          "apiVersion",
          "upstreams: name=%s apiVersion=%s must be letters, digits, '.', '_' and '-'",
          name,
          apiVersion);
    }

    private static boolean isBaseUrl(String text) {
      Matcher matcher = BASE_URL.matcher(text);
      if (!matcher.matches()) {
        return false;
      }
      String port = matcher.group("port");
      return port == null || (Integer.parseInt(port) >= 1 && Integer.parseInt(port) <= MAX_PORT);
    }

    /** What one of its models is called beside local ones. */
    public String fullName(String model) {
      return fullName(name, model);
    }

    /** The same for whoever knows the upstream's name alone. */
    public static String fullName(String upstream, String model) {
      return upstream + "/" + model;
    }

    /** Whether it lists this model. */
    boolean serves(String model) {
      return models.stream().anyMatch(listed -> listed.name().equals(model));
    }

    /** The same with a key. */
    Upstream withApiKey(String key) {
      return new Upstream(
          name,
          dialect,
          baseUrl,
          key,
          keyEnv,
          apiVersion,
          headers,
          models,
          maxConcurrent,
          maxQueued,
          queueTimeoutMs,
          requestsPerMinute,
          tokensPerMinute,
          connectTimeoutMs,
          firstTokenTimeoutMs,
          idleTimeoutMs,
          maxRetries,
          hedge);
    }

    /** Without the key, and without the values of headers. */
    @Override
    public String toString() {
      return "Upstream[name=%s, dialect=%s, baseUrl=%s, apiKey=%s]"
          .formatted(name, dialect, baseUrl, apiKey == null ? null : "(set)");
    }
  }

  /** A header that every request to an upstream has. */
  public record Header(String name, String value) {
    static final Section<Header> SECTION =
        Section.of(
            Header.class,
            "Headers of every request to it.",
            Field.requiredText("name", "The header's name."),
            Field.requiredText("value", "The header's value."));

    /** They say where a body ends, which is not for the configuration to say. */
    private static final Set<String> FRAMING =
        Set.of("connection", "content-length", "transfer-encoding");

    public Header {
      SECTION.check(name, value);
      require(
          name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")
              && !FRAMING.contains(name.toLowerCase(Locale.ROOT)),
          "name",
          "headers: name=%s must be the name of a header, and none of %s",
          name,
          String.join(", ", new TreeSet<>(FRAMING)));
      require(
          value.matches("[\\t -~]+"),
          "value",
          "headers: name=%s has a value with characters that no header may hold",
          name);
    }

    /** Without the value, which may be a secret. */
    @Override
    public String toString() {
      return "Header[name=%s]".formatted(name);
    }
  }

  /** A model that an upstream serves. */
  public record UpstreamModel(
      String name, int maxAnswerTokens, long promptMicrosPerMillion, long answerMicrosPerMillion) {
    static final Section<UpstreamModel> SECTION =
        Section.of(
            UpstreamModel.class,
            "Models that it serves.",
            Field.requiredText("name", "As the upstream calls it; for Azure, the deployment."),
            Field.whole(
                "maxAnswerTokens",
                4_096,
                1,
                1 << 24,
                "What is reserved for an answer whose request states no length."),
            Field.whole(
                "promptMicrosPerMillion",
                0,
                0,
                MAX_MICROS,
                "Price of a million prompt tokens, in millionths of the currency."),
            Field.whole(
                "answerMicrosPerMillion",
                0,
                0,
                MAX_MICROS,
                "Price of a million answer tokens, in millionths of the currency."));

    public UpstreamModel {
      SECTION.check(name, maxAnswerTokens, promptMicrosPerMillion, answerMicrosPerMillion);
    }
  }

  /** Who is asked first. */
  public enum Policy {
    /** The local model, and an upstream where the local one is too busy. */
    LOCAL_FIRST,
    /** An upstream, and the local model where none answers. */
    UPSTREAM_FIRST,
    /** Whoever costs least for this request. */
    CHEAPEST,
    LOCAL_ONLY,
    UPSTREAM_ONLY
  }

  /** A name that several targets serve. */
  public record Alias(String name, Policy policy, long spillAfterMs, List<Target> targets) {
    static final Section<Alias> SECTION =
        Section.of(
            Alias.class,
            "Names that local models and upstreams serve together.",
            Field.requiredText("name", "What requests call it."),
            Field.choice("policy", Policy.LOCAL_FIRST, "Who is asked first."),
            Field.whole(
                "spillAfterMs",
                500,
                0,
                DAY_MS,
                "A request that would wait longer for the local model goes to an upstream."),
            Field.list("targets", Target.SECTION));

    public Alias {
      targets = List.copyOf(targets);
      SECTION.check(name, policy, spillAfterMs, targets);
      boolean local = targets.stream().anyMatch(Predicate.not(Target::isUpstream));
      boolean upstream = targets.stream().anyMatch(Target::isUpstream);
      require(
          (local || upstream)
              && (local || policy != Policy.LOCAL_ONLY)
              && (upstream || policy != Policy.UPSTREAM_ONLY),
          "targets",
          "aliases: name=%s has no target that its policy %s allows",
          name,
          policy.name().toLowerCase(Locale.ROOT));
    }
  }

  /** One of those who serve an alias. */
  public record Target(String upstream, String model, int weight, int priority) {
    /** Names no upstream but this process. */
    public static final String LOCAL = "local";

    static final Section<Target> SECTION =
        Section.of(
            Target.class,
            "Who serves it.",
            Field.text("upstream", LOCAL, "An upstream's name, or `local`."),
            Field.requiredText("model", "The model's name there."),
            Field.whole("weight", 1, 1, MAX_WEIGHT, "Its share among those of its priority."),
            Field.whole("priority", 0, 0, 1_000, "The lowest is asked first."));

    public Target {
      SECTION.check(upstream, model, weight, priority);
    }

    public boolean isUpstream() {
      return !upstream.equals(LOCAL);
    }
  }

  /**
   * What no single record can say of itself.
   *
   * @throws IllegalArgumentException where a name is given twice or not at all
   */
  static void check(List<Upstream> upstreams, List<Alias> aliases) {
    requireOnce("upstreams", upstreams.stream().map(Upstream::name).toList());
    requireOnce("aliases", aliases.stream().map(Alias::name).toList());
    for (int i = 0; i < aliases.size(); i++) {
      List<Target> targets = aliases.get(i).targets();
      for (int j = 0; j < targets.size(); j++) {
        String place = "aliases[%d].targets[%d]".formatted(i, j);
        checkTarget(aliases.get(i).name(), targets.get(j), place, upstreams);
      }
    }
  }

  /** An upstream's model must be listed: its price and its longest answer stand there. */
  private static void checkTarget(
      String alias, Target target, String place, List<Upstream> upstreams) {
    if (!target.isUpstream()) {
      return;
    }
    List<Upstream> named =
        upstreams.stream().filter(one -> one.name().equals(target.upstream())).toList();
    require(
        !named.isEmpty(),
        place + ".upstream",
        "aliases: name=%s has the target upstream=%s, but there is no such upstream",
        alias,
        target.upstream());
    require(
        named.getFirst().serves(target.model()),
        place + ".model",
        "aliases: name=%s has the target upstream=%s model=%s, but that upstream lists no such"
            + " model",
        alias,
        target.upstream(),
        target.model());
  }
}
