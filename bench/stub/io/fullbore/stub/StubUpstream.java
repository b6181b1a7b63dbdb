package io.fullbore.stub;

import io.fullbore.stub.StubRequest.End;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * An upstream API of no intelligence: OpenAI's and Azure's completions, Anthropic's messages, as
 * fast and as faulty as its behaviour says. Tests start it in their own process, benches as a
 * program: {@code java -cp target/fullbore.jar bench/stub/io/fullbore/stub/StubUpstream.java
 * --help}.
 *
 * <p>Besides those APIs it has {@code GET /stub/stats}, {@code POST /stub/behaviour} (changes the
 * usual behaviour, see {@link StubBehaviour}) and {@code POST /stub/next} (an array of changes,
 * each for one of the next requests).
 *
 * <p>One event loop does all the work; everything public may be called from any thread.
 */
public final class StubUpstream extends VerticleBase implements AutoCloseable {
  private static final Pattern AZURE =
      Pattern.compile("/openai/deployments/([^/?]+)/(chat/)?completions");
  private static final AnswerForm CHAT = new OpenAiAnswers(OpenAiAnswers.Kind.CHAT);
  private static final AnswerForm AZURE_CHAT = new OpenAiAnswers(OpenAiAnswers.Kind.AZURE_CHAT);
  private static final AnswerForm TEXT = new OpenAiAnswers(OpenAiAnswers.Kind.TEXT);
  private static final AnswerForm MESSAGES = new AnthropicAnswers();
  private static final Fault BAD_REQUEST = Fault.status(400);
  private static final Fault NOT_FOUND = Fault.status(404);
  private static final Fault TOO_MANY = Fault.status(429).withRetryAfter("1");

  private final String host;
  private final int wantedPort;
  private final StubScript script;
  private final StubLog log = new StubLog();
  private final Ceiling ceiling = new Ceiling();
  private final Random random;
  private volatile @Nullable HttpServer server;

  StubUpstream(String host, int port, StubBehaviour behaviour, long seed) {
    this.host = host;
    this.wantedPort = port;
    this.script = new StubScript(behaviour);
    this.random = new Random(seed);
  }

  public static void main(String[] arguments) {
    int status = new CommandLine(new StubCommand()).execute(arguments);
    if (status != 0) {
      System.exit(status);
    }
  }

  /** Starts one on a free port. */
  public static StubUpstream start(Vertx vertx, StubBehaviour behaviour) throws TimeoutException {
    return start(vertx, 0, behaviour);
  }

  /** Starts one on a port, such as that of another which was closed. */
  public static StubUpstream start(Vertx vertx, int port, StubBehaviour behaviour)
      throws TimeoutException {
    var stub = new StubUpstream("127.0.0.1", port, behaviour, 1);
    vertx.deployVerticle(stub).await(10, TimeUnit.SECONDS);
    return stub;
  }

  @Override
  public Future<?> start() {
    HttpServer created = vertx.createHttpServer().requestHandler(this::accept);
    server = created;
    return created.listen(wantedPort, host);
  }

  public int port() {
    HttpServer started = server;
    return started == null ? wantedPort : started.actualPort();
  }

  /** Without a path. */
  public String url() {
    return "http://127.0.0.1:" + port();
  }

  /** The next requests get these, one each; those after them get the usual one again. */
  public void next(StubBehaviour... behaviours) {
    script.next(List.of(behaviours));
  }

  /** From now on, and what was queued is forgotten. */
  public void always(StubBehaviour behaviour) {
    script.always(behaviour);
  }

  /** The requests for completions and messages so far, in the order in which they came. */
  public List<StubRequest> requests() {
    return log.requests();
  }

  public StubCounts counts() {
    return log.counts();
  }

  /** Closes its port and all its connections. */
  @Override
  public void close() throws TimeoutException {
    vertx.undeploy(deploymentID()).await(10, TimeUnit.SECONDS);
  }

  private void accept(HttpServerRequest request) {
    request.body().onSuccess(body -> route(request, body));
  }

  private void route(HttpServerRequest request, Buffer body) {
    Matcher azure = AZURE.matcher(request.path());
    switch (request.path()) {
      case "/v1/chat/completions" -> answer(request, body, CHAT, null);
      case "/v1/completions" -> answer(request, body, TEXT, null);
      case "/v1/messages" -> answer(request, body, MESSAGES, null);
      case "/v1/models" -> reply(request, 200, models());
      case "/stub/stats" -> reply(request, 200, log.counts().json());
      case "/stub/behaviour" -> change(request, body);
      case "/stub/next" -> queue(request, body);
      case String path when azure.matches() && request.getParam("api-version") != null ->
          answer(request, body, azure.group(2) == null ? TEXT : AZURE_CHAT, azure.group(1));
      case String path -> reply(request, 404, CHAT.error(404, null, "No such path: " + path));
    }
  }

  private static void reply(HttpServerRequest request, int status, String json) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(json);
  }

  private static String models() {
    JsonObject model =
        new JsonObject()
            .put("id", "stub-model")
            .put("object", "model")
            .put("created", 1_700_000_000)
            .put("owned_by", "stub");
    return new JsonObject().put("object", "list").put("data", new JsonArray().add(model)).encode();
  }

  private void change(HttpServerRequest request, Buffer body) {
    try {
      reply(request, 200, script.change(body.toString()));
    } catch (IllegalArgumentException e) {
      reply(request, 400, CHAT.error(400, null, String.valueOf(e.getMessage())));
    }
  }

  private void queue(HttpServerRequest request, Buffer body) {
    try {
      script.next(new JsonArray(body));
      reply(request, 200, "{}");
    } catch (IllegalArgumentException | DecodeException e) {
      reply(request, 400, CHAT.error(400, null, String.valueOf(e.getMessage())));
    }
  }

  private void answer(
      HttpServerRequest request, Buffer body, AnswerForm form, @Nullable String deployment) {
    long nowNanos = System.nanoTime();
    var seen =
        new StubRequest(request.method().name(), request.uri(), request.headers(), body, nowNanos);
    StubBehaviour behaviour = script.take();
    int concurrent = log.begin(seen);
    request
        .response()
        .closeHandler(ignored -> log.end(seen, End.CLOSED_BY_CALLER, System.nanoTime()));
    Pace pace = behaviour.pace();
    AnswerPlan plan;
    long waitNanos = 0;
    if (pace.maxConcurrent() > 0 && concurrent > pace.maxConcurrent()) {
      plan = AnswerPlan.error(form, TOO_MANY, "Too many requests at once.");
    } else {
      plan = plan(request, body, form, deployment, behaviour);
      waitNanos = waitNanos(pace, plan, nowNanos);
    }
    request.response().putHeader("x-request-id", "req_" + Question.newId(random));
    new AnswerWriter(vertx, seen, log, request.response(), () -> request.connection().close(), plan)
        .send(waitNanos);
  }

  private AnswerPlan plan(
      HttpServerRequest request,
      Buffer body,
      AnswerForm form,
      @Nullable String deployment,
      StubBehaviour behaviour) {
    JsonObject json;
    try {
      json = new JsonObject(body);
    } catch (RuntimeException e) {
      return AnswerPlan.error(
          form, BAD_REQUEST, "We could not parse the JSON body of your request.");
    }
    String model = deployment == null ? json.getString("model", "") : deployment;
    if (model.isEmpty()) {
      return AnswerPlan.error(form, BAD_REQUEST, "you must provide a model parameter");
    }
    if (model.equals("no-such-model")) {
      return AnswerPlan.error(
          form, NOT_FOUND.withCode("model_not_found"), "The model does not exist.");
    }
    var question =
        new Question(
            model,
            json,
            behaviour.answer(),
            Question.newId(random),
            System.currentTimeMillis() / 1_000);
    @Nullable String misfit = form.misfit(request.headers(), question).orElse(null);
    if (misfit != null) {
      return AnswerPlan.error(form, BAD_REQUEST, misfit);
    }
    @Nullable Fault fault = behaviour.drawFault(random).orElse(null);
    if (fault != null && fault.kind() == Fault.Kind.ECHO_HEADERS) {
      return AnswerPlan.error(form, fault, AnswerPlan.echo(request.headers()));
    }
    return AnswerPlan.of(form, question, behaviour.pace().tokensPerSecond(), fault);
  }

  /** Until the first piece. */
  private long waitNanos(Pace pace, AnswerPlan plan, long nowNanos) {
    double tokensSeconds =
        pace.tokensPerSecond() == 0 ? 0 : plan.tokensBefore() / pace.tokensPerSecond();
    double ownMs = pace.latency().sampleMs(random) + tokensSeconds * 1_000;
    return Math.max(
        (long) (ownMs * TimeUnit.MILLISECONDS.toNanos(1)),
        ceiling.waitNanos(pace.ceilingPerSecond(), nowNanos));
  }
}
