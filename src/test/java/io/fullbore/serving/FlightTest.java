package io.fullbore.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Account;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.limits.RateHeaders;
import io.fullbore.sampling.ScoredToken;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlightTest {
  private static final RateHeaders HEADERS = new RateHeaders(Map.of("x-ratelimit", "1"));
  private static final Usage USAGE = new Usage(1, 0, 1);

  private final Vertx vertx = Vertx.vertx();
  private final Context context = vertx.getOrCreateContext();
  private final List<String> pilot = new ArrayList<>();
  private final Flight flight = new Flight(context, account("a"), new NotingPilot(), 10_000);

  @AfterEach
  void close() throws Exception {
    vertx.close().await(10, TimeUnit.SECONDS);
  }

  private static Account account(String key) {
    return new Account(
        new Caller(
            key,
            "",
            Set.of(),
            Allowance.UNLIMITED,
            Allowance.UNLIMITED,
            CachePolicy.DEFAULT,
            true,
            Set.of()),
        null);
  }

  private final class NotingPilot implements Flight.Pilot {
    @Override
    public void landed(List<AnswerEvent> events, Usage usage, Origin origin) {
      pilot.add("landed " + events.size());
    }

    @Override
    public void closed(Flight closed) {
      pilot.add("closed");
    }

    @Override
    public void abandoned(Flight abandoned) {
      pilot.add("abandoned");
    }
  }

  /** Notes what it is told, in words. */
  private static final class NotingReader implements AnswerReader {
    final List<String> told = new ArrayList<>();

    @Override
    public void onSource(AnswerSource source) {
      told.add(source.name());
    }

    @Override
    public void onStored(StoredAnswer answer) {
      told.add("stored");
    }

    @Override
    public void onReserved(RateHeaders headers) {
      told.add("reserved");
    }

    @Override
    public void onAccepted() {
      told.add("accepted");
    }

    @Override
    public void onServedBy(Origin origin) {
      told.add("by " + origin.servedBy());
    }

    @Override
    public void onForwarded(ForwardedPiece piece) {
      told.add(piece.json());
    }

    @Override
    public void onPrompt(int choice, List<ScoredToken> prompt) {
      told.add("prompt");
    }

    @Override
    public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
      told.add(((AnswerPart.Text) part).text());
    }

    @Override
    public void onChoiceEnd(int choice, FinishReason reason) {
      told.add(reason.name());
    }

    @Override
    public void onEnd(Usage usage) {
      told.add("end");
    }

    @Override
    public void onFailure(Failure failure) {
      told.add(failure.message());
    }
  }

  private Flight.Reader reader(NotingReader sink, String key) {
    return new Flight.Reader(context, account(key), sink, () -> sink.told.add("again"));
  }

  private NotingReader join(String key) {
    var sink = new NotingReader();
    assertTrue(flight.join(reader(sink, key)));
    return sink;
  }

  @Test
  void aLateReaderIsToldWhoAnswersAndGetsThePiecesFromElsewhere() {
    NotingReader first = join("a");
    flight.onServedBy(new Origin("local", "small", "1"));
    flight.onServedBy(new Origin("cloud", "big", null));
    flight.onAccepted();
    flight.onForwarded(new ForwardedPiece("{1}", List.of()));
    NotingReader late = join("a");
    flight.onForwarded(new ForwardedPiece("{2}", List.of()));
    flight.onEnd(new Usage(1, 0, 1));
    assertEquals(
        List.of("MISS", "by local", "by cloud", "accepted", "{1}", "{2}", "end"), first.told);
    assertEquals(List.of("JOIN", "by cloud", "accepted", "{1}", "{2}", "end"), late.told);
  }

  @Test
  void aLateReaderIsToldEverythingInOrder() {
    NotingReader first = join("a");
    flight.onAccepted();
    flight.onDelta(0, new AnswerPart.Text("x"), List.of());
    NotingReader late = join("a");
    flight.onDelta(0, new AnswerPart.Text("y"), List.of());
    flight.onChoiceEnd(0, FinishReason.STOP);
    flight.onEnd(USAGE);
    assertEquals(List.of("MISS", "accepted", "x", "y", "STOP", "end"), first.told);
    assertEquals(List.of("JOIN", "accepted", "x", "y", "STOP", "end"), late.told);
    assertEquals(List.of("landed 3", "closed"), pilot);
    assertFalse(flight.join(reader(new NotingReader(), "a")));
  }

  @Test
  void whoComesWhenTheLastOneHasLeftMustLookElsewhere() {
    var sink = new NotingReader();
    Flight.Reader only = reader(sink, "a");
    assertTrue(flight.join(only));
    flight.leave(only);
    var late = new NotingReader();
    assertFalse(flight.join(reader(late, "a")));
    assertEquals(List.of(), late.told);
    assertTrue(flight.ended());
    assertEquals("closed", pilot.getFirst());
  }

  @Test
  void aRefusalByTheLimitsConcernsTheOneWhoPays() {
    NotingReader payer = join("a");
    NotingReader same = join("a");
    NotingReader other = join("b");
    flight.onLimited(new Failure.InvalidRequest("never fits", null, "x"), HEADERS);
    assertEquals(List.of("MISS", "reserved", "never fits"), payer.told);
    assertEquals(List.of("JOIN", "reserved", "never fits"), same.told);
    assertEquals(List.of("JOIN", "again"), other.told);
  }

  @Test
  void whatTheAccountHasLeftIsToldToThePayerAlone() {
    NotingReader other = join("b");
    NotingReader payer = join("a");
    flight.onReserved(HEADERS);
    assertEquals(List.of("MISS"), other.told);
    assertEquals(List.of("JOIN", "reserved"), payer.told);
  }

  @Test
  void aFailureIsToldToAll() {
    NotingReader first = join("a");
    NotingReader second = join("b");
    flight.onFailure(new Failure.EngineFailed("broken"));
    assertEquals(List.of("MISS", "broken"), first.told);
    assertEquals(List.of("JOIN", "broken"), second.told);
    assertEquals(List.of("closed"), pilot);
  }

  @Test
  void anAnswerThatGrowsTooLongIsFinishedForThoseWhoReadIt() {
    NotingReader first = join("a");
    flight.onAccepted();
    flight.onDelta(0, new AnswerPart.Text("x".repeat(10_000)), List.of());
    assertFalse(flight.join(reader(new NotingReader(), "a")));
    flight.onDelta(0, new AnswerPart.Text("y"), List.of());
    flight.onEnd(USAGE);
    assertEquals(List.of("y", "end"), first.told.subList(3, 5));
    assertEquals(List.of("closed"), pilot);
  }
}
