package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.fullbore.core.Constraint;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import io.fullbore.core.Usage;
import io.fullbore.sampling.TokenLogprobs;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecordCodecTest {
  private static final RequestId ID = new RequestId(-42);

  static Stream<Record> messages() {
    SamplingParams params =
        new SamplingParams(
            0.7f,
            40,
            0.9f,
            0.05f,
            0.1f,
            -0.2f,
            1.1f,
            Map.of(5, -1.5f),
            Long.MIN_VALUE,
            100,
            Set.of(1, 2),
            3,
            -1);
    TokenLogprobs logprobs =
        new TokenLogprobs(3, -0.5f, new int[] {3, 4}, new float[] {-0.5f, -1.25f});
    GenerationRequest request =
        new GenerationRequest(ID, "api.0", "tenant", new int[] {1, 2, 3}, params);
    GenerationRequest constrained =
        new GenerationRequest(
            ID,
            "api.0",
            "tenant",
            new int[] {1},
            new SamplingParams(
                0, 0, 1, 0, 0, 0, 1, Map.of(), 1, 1, Set.of(), -1, -1, Constraint.jsonObject()));
    return Stream.of(
        new BatchMessage.Submit(List.of(request), 500, 900),
        new BatchMessage.Cancel(List.of(ID)),
        new Admission.Accepted(),
        new Admission.Refused("full", 1_500),
        new EngineMessage.Batch(List.of(request, constrained)),
        new EngineMessage.Cancel(List.of()),
        new EngineMessage.Drain(),
        new StepEvents(
            List.of(
                new SequenceEvent.PromptScored(ID, List.of(logprobs)),
                new SequenceEvent.PromptComputed(ID, 16),
                new SequenceEvent.Token(ID, 7, logprobs),
                new SequenceEvent.Token(ID, 7, null),
                new SequenceEvent.Finished(ID, FinishReason.STOP, new Usage(3, 0, 4)))),
        new StepEvents(
            Stream.of(
                    new Failure.InvalidRequest("m", null, "c"),
                    new Failure.ContextLengthExceeded(1, 2, 3),
                    new Failure.ModelNotFound("m", "a"),
                    new Failure.Overloaded("m", 1),
                    new Failure.TimedOut("m"),
                    new Failure.EngineFailed("m"),
                    new Failure.Unavailable("m"),
                    new Failure.UpstreamFailed("m"),
                    new Failure.UpstreamRejected(400, "m", "t", null, "c"),
                    new Failure.Cancelled("m"))
                .<SequenceEvent>map(failure -> new SequenceEvent.Failed(ID, failure))
                .toList()),
        new QueueStatus("v", true, 1_000),
        new EngineStatus("v", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, "lost"));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aMessageSurvivesTheWire(Record message) {
    assertEquals(message, roundTrip(message));
  }

  @SuppressWarnings("unchecked")
  private static <T extends Record> T roundTrip(T message) {
    RecordCodec<T> codec = new RecordCodec<>((Class<T>) message.getClass());
    Buffer buffer = Buffer.buffer("head");
    codec.encodeToWire(buffer, message);
    return codec.decodeFromWire("head".length(), buffer);
  }

  @Test
  void aMessageIsHandedOverByReferenceInsideAProcess() {
    Admission.Accepted message = new Admission.Accepted();
    assertSame(message, new RecordCodec<>(Admission.Accepted.class).transform(message));
  }
}
