package io.fullbore.stub;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is sent for one request: what its behaviour and its fault make of an answer.
 *
 * @param head null where not even a status is sent
 * @param tokensBefore tokens that are made before the first piece
 * @param piecesPerSecond 0 is all at once
 */
record AnswerPlan(
    @Nullable Head head,
    List<Buffer> pieces,
    int tokensBefore,
    double piecesPerSecond,
    Ending ending) {
  private static final double MS_PER_SECOND = 1_000;

  /**
   * Status and headers.
   *
   * @param contentLength what is said of it, or -1 for a body in chunks
   */
  record Head(int status, Map<String, String> headers, int contentLength) {}

  /** What follows the last piece. */
  enum Ending {
    END,
    /** The connection is closed. */
    CLOSE,
    /** Nothing, for as long as the caller waits. */
    HANG,
    /** The last piece comes again and again. */
    REPEAT
  }

  /** Plans an answer that nothing is wrong with, or that goes wrong as the fault says. */
  static AnswerPlan of(
      AnswerForm form, Question question, double tokensPerSecond, @Nullable Fault fault) {
    return new Draft(form, question, tokensPerSecond).plan(fault);
  }

  /** Plans an error. */
  static AnswerPlan error(AnswerForm form, Fault fault, String message) {
    Map<String, String> headers = new TreeMap<>();
    if (fault.retryAfter() != null) {
      headers.put("Retry-After", fault.retryAfter());
    }
    return whole(
        fault.status(),
        headers,
        "application/json",
        form.error(fault.status(), fault.code(), message));
  }

  private static AnswerPlan whole(
      int status, Map<String, String> headers, String contentType, String body) {
    Buffer bytes = Buffer.buffer(body);
    headers.put("Content-Type", contentType);
    return new AnswerPlan(
        new Head(status, headers, bytes.length()), List.of(bytes), 0, 0, Ending.END);
  }

  /** All headers of a request in one text, as a careless upstream would repeat them. */
  static String echo(MultiMap headers) {
    var text = new StringBuilder("Cannot serve a request with the headers");
    headers.forEach((name, value) -> text.append(' ').append(name).append(": ").append(value));
    return text.toString();
  }

  /** An answer to be spoilt. Whole answers are two pieces, their halves. */
  private static final class Draft {
    private final AnswerForm form;
    private final boolean stream;
    private final double piecesPerSecond;
    private final int tokensBefore;
    private final int endingCount;
    private final List<String> pieces;

    Draft(AnswerForm form, Question question, double tokensPerSecond) {
      this.form = form;
      this.stream = question.stream();
      if (stream) {
        AnswerForm.Events events = form.events(question);
        this.pieces = events.events();
        this.endingCount = events.endingCount();
        this.piecesPerSecond = tokensPerSecond;
        this.tokensBefore = 0;
      } else {
        String whole = form.whole(question);
        this.pieces =
            List.of(whole.substring(0, whole.length() / 2), whole.substring(whole.length() / 2));
        this.endingCount = 2;
        this.piecesPerSecond = 0;
        this.tokensBefore =
            tokensPerSecond == 0 ? 0 : question.tokens() + question.shape().reasoningTokens();
      }
    }

    AnswerPlan plan(@Nullable Fault fault) {
      if (fault == null) {
        return plan(pieces, Ending.END);
      }
      int after = Math.min(fault.afterPieces(), stream ? pieces.size() - 1 : 1);
      List<String> well = pieces.subList(0, after);
      return switch (fault.kind()) {
        case STATUS, ECHO_HEADERS -> error(form, fault, "The stub was told to fail.");
        case HTML_PAGE ->
            whole(
                fault.status(),
                new TreeMap<>(),
                "text/html",
                "<html><body><h1>%d</h1>nginx</body></html>".formatted(fault.status()));
        case RESET -> headless(Ending.CLOSE);
        case SILENT -> headless(Ending.HANG);
        case HEAD_ONLY -> plan(List.of(), Ending.HANG);
        case STALL -> plan(well, Ending.HANG);
        case CUT -> plan(well, Ending.CLOSE);
        case ERROR_EVENT ->
            stream
                ? plan(joined(well, List.of(form.errorEvent("The stub gave up."))), Ending.END)
                : whole(
                    200,
                    new TreeMap<>(),
                    "application/json",
                    form.error(500, fault.code(), "The stub gave up."));
        case NO_END -> ends(pieces.subList(0, pieces.size() - endingCount));
        case BAD_JSON -> badJson(after);
        case HALF_PIECE -> ends(joined(well, List.of(half(pieces.get(after)))));
        case ENDLESS -> endless();
        case TRICKLE -> trickle(fault);
      };
    }

    private AnswerPlan plan(List<String> sent, Ending ending) {
      return plan(sent, stream ? -1 : bytes(pieces), ending);
    }

    /** With a length, where there is one, that fits what is sent. */
    private AnswerPlan ends(List<String> sent) {
      return plan(sent, stream ? -1 : bytes(sent), Ending.END);
    }

    private AnswerPlan plan(List<String> sent, int contentLength, Ending ending) {
      List<Buffer> buffers =
          stream ? sent.stream().map(Buffer::buffer).toList() : joinedBytes(sent);
      return new AnswerPlan(head(contentLength), buffers, tokensBefore, piecesPerSecond, ending);
    }

    private static List<Buffer> joinedBytes(List<String> sent) {
      return sent.isEmpty() ? List.of() : List.of(Buffer.buffer(String.join("", sent)));
    }

    private Head head(int contentLength) {
      Map<String, String> headers = new TreeMap<>();
      headers.put("Content-Type", stream ? "text/event-stream; charset=utf-8" : "application/json");
      if (stream) {
        headers.put("Cache-Control", "no-cache");
      }
      return new Head(200, headers, contentLength);
    }

    private static AnswerPlan headless(Ending ending) {
      return new AnswerPlan(null, List.of(), 0, 0, ending);
    }

    private AnswerPlan badJson(int at) {
      if (!stream) {
        return ends(List.of("{\"id\":\"x\",\"choices\":[{\"index\":"));
      }
      List<String> spoilt = new ArrayList<>(pieces);
      spoilt.set(at, "data: {\"id\":\"x\",\"choices\":[{\"index\":\n\n");
      return ends(spoilt);
    }

    /** Repeats the last piece before the ending; of a whole answer, text in its first half. */
    private AnswerPlan endless() {
      List<String> sent =
          stream
              ? pieces.subList(0, pieces.size() - endingCount)
              : List.of("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"", "on and on, ");
      return new AnswerPlan(
          head(-1),
          sent.stream().map(Buffer::buffer).toList(),
          tokensBefore,
          piecesPerSecond,
          Ending.REPEAT);
    }

    private AnswerPlan trickle(Fault fault) {
      Buffer all = Buffer.buffer(String.join("", pieces));
      List<Buffer> bytes = new ArrayList<>(all.length());
      for (int i = 0; i < all.length(); i++) {
        bytes.add(all.getBuffer(i, i + 1));
      }
      return new AnswerPlan(
          head(stream ? -1 : all.length()), bytes, 0, MS_PER_SECOND / fault.everyMs(), Ending.END);
    }

    private static String half(String piece) {
      return piece.substring(0, piece.length() / 2);
    }

    private static List<String> joined(List<String> first, List<String> second) {
      List<String> joined = new ArrayList<>(first);
      joined.addAll(second);
      return joined;
    }

    private static int bytes(List<String> sent) {
      return Buffer.buffer(String.join("", sent)).length();
    }
  }
}
