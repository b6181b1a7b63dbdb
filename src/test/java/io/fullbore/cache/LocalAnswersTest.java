package io.fullbore.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.FinishReason;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LocalAnswersTest {
  private final AtomicLong nanos = new AtomicLong();

  private LocalAnswers answers(long maxBytes, boolean keepKnowledge) {
    return new LocalAnswers(maxBytes, 1_000, keepKnowledge, nanos::get, Runnable::run);
  }

  @Test
  void forgetsAfterItsTime() {
    LocalAnswers answers = answers(1 << 20, false);
    answers.put(StoredAnswers.key(1), StoredAnswers.answer("a"));
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(999));
    assertNotNull(answers.get(StoredAnswers.key(1)));
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
    assertNull(answers.get(StoredAnswers.key(1)));
  }

  @Test
  void keepsTheKnowledgeBaseWhereNobodyElseDoes() {
    for (boolean keep : new boolean[] {true, false}) {
      LocalAnswers answers = answers(1 << 20, keep);
      answers.put(StoredAnswers.key(1), StoredAnswers.answer("a", true));
      nanos.addAndGet(TimeUnit.DAYS.toNanos(100));
      assertEquals(keep, answers.get(StoredAnswers.key(1)) != null);
    }
  }

  @Test
  void anAnswerInPlaceOfAnotherLivesByItself() {
    LocalAnswers answers = answers(1 << 20, true);
    answers.put(StoredAnswers.key(1), StoredAnswers.answer("a"));
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(900));
    answers.put(StoredAnswers.key(1), StoredAnswers.answer("b"));
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(900));
    answers.put(StoredAnswers.key(1), answers.get(StoredAnswers.key(1)).inKnowledge());
    nanos.addAndGet(TimeUnit.DAYS.toNanos(100));
    assertNotNull(answers.get(StoredAnswers.key(1)));
  }

  @Test
  void whatIsKeptRenderedIsBounded() {
    StoredAnswer answer = StoredAnswers.answer("a");
    Buffer great = Buffer.buffer(new byte[1 << 20]);
    assertSame(great, answer.form(StoredAnswer.Form.WHOLE, () -> great));
    Buffer again = Buffer.buffer("again");
    assertSame(again, answer.form(StoredAnswer.Form.WHOLE, () -> again));
    assertSame(again, answer.form(StoredAnswer.Form.WHOLE, () -> great));
    assertTrue(answer.weightBytes() < 10_000);
  }

  @Test
  void goesThroughEachPurgeOfOtherNodesOnce() {
    LocalAnswers answers = answers(1 << 20, false);
    var before = answers.epochs();
    answers.put(StoredAnswers.key(1), StoredAnswers.answer("old"));
    answers.follow(before, new RedisAnswers.Epochs(1, 0));
    assertNull(answers.get(StoredAnswers.key(1)));
    answers.put(StoredAnswers.key(1), StoredAnswers.answer("new"));
    answers.follow(before, new RedisAnswers.Epochs(1, 0)); // another instance has asked too
    answers.follow(before, new RedisAnswers.Epochs(0, 0)); // or had asked before
    assertNotNull(answers.get(StoredAnswers.key(1)));
    assertEquals(1, answers.epochs().all());
  }

  @Test
  void onlyWholeAnswersComplete() {
    StoredAnswer answer = StoredAnswers.answer("a");
    assertTrue(answer.completes(1));
    assertFalse(answer.completes(2));
    var cut =
        new StoredAnswer(
            List.of(new AnswerEvent.ChoiceEnd(0, FinishReason.LENGTH)),
            answer.usage(),
            0,
            false,
            answer.origin());
    assertFalse(cut.completes(1));
    var other =
        new StoredAnswer(
            List.of(new AnswerEvent.ChoiceEnd(7, FinishReason.STOP)),
            answer.usage(),
            0,
            false,
            answer.origin());
    assertFalse(other.completes(1));
  }

  @Test
  void anAnswerFromElsewhereCompletesWithTheEndsOfItsPieces() {
    assertTrue(StoredAnswers.forwarded(FinishReason.STOP).completes(1));
    assertFalse(StoredAnswers.forwarded(FinishReason.STOP).completes(2));
    assertFalse(StoredAnswers.forwarded(FinishReason.LENGTH).completes(1));
  }

  @Test
  void takesNoMoreThanItsBytes() {
    LocalAnswers answers = answers(1 << 20, false);
    for (int i = 0; i < 2_000; i++) {
      answers.put(StoredAnswers.key(i), StoredAnswers.answer("x".repeat(1_000)));
    }
    long kept = answers.count();
    assertTrue(kept > 50 && kept < 200, "kept=" + kept);
    LocalAnswers none = answers(0, true);
    none.put(StoredAnswers.key(1), StoredAnswers.answer("a"));
    assertNull(none.get(StoredAnswers.key(1)));
  }

  @Test
  void purgesAllOrTheKnowledgeBase() {
    LocalAnswers answers = answers(1 << 20, true);
    answers.put(StoredAnswers.key(1), StoredAnswers.answer("a"));
    answers.put(StoredAnswers.key(2), StoredAnswers.answer("b", true));
    answers.purge(AnswerCache.Purge.KNOWLEDGE);
    assertNotNull(answers.get(StoredAnswers.key(1)));
    assertNull(answers.get(StoredAnswers.key(2)));
    answers.purge(AnswerCache.Purge.ALL);
    assertNull(answers.get(StoredAnswers.key(1)));
  }

  @Test
  void anAnswerIsRenderedOncePerForm() {
    StoredAnswer answer = StoredAnswers.answer("a");
    var rendered = new AtomicInteger();
    Buffer first =
        answer.form(StoredAnswer.Form.WHOLE, () -> Buffer.buffer("x" + rendered.incrementAndGet()));
    assertSame(first, answer.form(StoredAnswer.Form.WHOLE, () -> Buffer.buffer("other")));
    assertEquals(1, rendered.get());
    assertEquals("s", answer.form(StoredAnswer.Form.STREAM, () -> Buffer.buffer("s")).toString());
  }
}
