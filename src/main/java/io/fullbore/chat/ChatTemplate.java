package io.fullbore.chat;

import io.fullbore.chat.ChatTemplateException.Kind;
import io.fullbore.chat.answer.AnswerSyntax;
import io.fullbore.chat.jinja.JinjaException;
import io.fullbore.chat.jinja.JinjaTemplate;
import io.fullbore.core.Metadata;
import java.time.Clock;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Renders conversations to prompts through a model's own chat template, as Hugging Face's
 * tokenizers do. Immutable and safe for many threads at once; rendering happens in the caller's
 * thread, and ends within about a second whatever the template or the caller tries.
 */
public final class ChatTemplate {
  /** What a model without a template gets: the format that most open models are trained on. */
  private static final String CHATML =
      """
      {%- if tools %}
        {{- raise_exception('this model has no chat template, so it cannot be given tools') }}
      {%- endif %}
      {%- for message in messages %}
        {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') + '<|im_end|>\\n' }}
      {%- endfor %}
      {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\\n' }}
      {%- endif %}
      """;

  private static final Set<String> CHATML_TOKENS = Set.of("<|im_start|>", "<|im_end|>");

  /** Template variable to the key that holds the token's id. */
  private static final Map<String, String> TOKEN_KEYS =
      Map.of(
          "bos_token", "tokenizer.ggml.bos_token_id",
          "eos_token", "tokenizer.ggml.eos_token_id",
          "unk_token", "tokenizer.ggml.unknown_token_id",
          "pad_token", "tokenizer.ggml.padding_token_id",
          "sep_token", "tokenizer.ggml.seperator_token_id",
          "cls_token", "tokenizer.ggml.cls_token_id",
          "mask_token", "tokenizer.ggml.mask_token_id");

  private static final long TYPE_UNKNOWN = 2;
  private static final long TYPE_CONTROL = 3;

  private final JinjaTemplate program;
  private final @Nullable JinjaTemplate toolProgram;
  private final Map<String, Object> specialTokens;
  private final ControlTokens controlTokens;
  private static final String CLOCK_FUNCTION = "strftime_now";

  private final String sources;
  private final boolean isFallback;
  private final AnswerSyntax syntax;
  private final Clock clock;

  private ChatTemplate(
      @Nullable String source,
      @Nullable String toolSource,
      Map<String, String> specialTokens,
      Collection<String> controlTokens,
      Predicate<String> isToken,
      Clock clock) {
    this.isFallback = source == null;
    this.program = parse(source == null ? CHATML : source);
    this.toolProgram = toolSource == null ? null : parse(toolSource);
    this.sources = (source == null ? CHATML : source) + (toolSource == null ? "" : toolSource);
    this.syntax = AnswerSyntax.of(sources, isToken);
    this.specialTokens = new LinkedHashMap<>();
    specialTokens.forEach(
        (name, text) -> this.specialTokens.put(name, JinjaTemplate.trusted(text)));
    Set<String> control = new LinkedHashSet<>(controlTokens);
    control.addAll(isFallback ? CHATML_TOKENS : Set.of());
    this.controlTokens = new ControlTokens(control);
    this.clock = clock;
  }

  /**
   * A template from its text.
   *
   * @param specialTokens template variables such as {@code bos_token} with the tokens' texts
   * @param controlTokens texts of the vocabulary's control tokens, which a user must not be able to
   *     write
   * @param clock what {@code strftime_now} reads, in its zone
   * @throws ChatTemplateException of kind {@code INVALID}
   */
  public static ChatTemplate of(
      String source,
      Map<String, String> specialTokens,
      Collection<String> controlTokens,
      Clock clock) {
    return new ChatTemplate(
        source, null, specialTokens, controlTokens, Set.copyOf(controlTokens)::contains, clock);
  }

  /**
   * The template in a model file, with its special tokens; ChatML where it has none. A file with a
   * template of its own for tools gets that used when tools are given.
   *
   * @throws ChatTemplateException of kind {@code INVALID}
   * @throws io.fullbore.core.ModelFormatException where a key has the wrong type or a token id lies
   *     outside of the vocabulary
   */
  public static ChatTemplate of(Metadata metadata, Clock clock) {
    String[] vocabulary = metadata.strings("tokenizer.ggml.tokens").orElse(new String[0]);
    Map<String, String> specialTokens = new LinkedHashMap<>();
    TOKEN_KEYS.forEach(
        (name, key) -> {
          int id = metadata.integer(key, -1, -1, Math.max(0, vocabulary.length - 1));
          if (id >= 0 && id < vocabulary.length) {
            specialTokens.put(name, vocabulary[id]);
          }
        });
    Set<String> control = new LinkedHashSet<>(specialTokens.values());
    long[] types = metadata.integers("tokenizer.ggml.token_type").orElse(new long[0]);
    for (int id = 0; id < Math.min(types.length, vocabulary.length); id++) {
      if (types[id] == TYPE_CONTROL || types[id] == TYPE_UNKNOWN) {
        control.add(vocabulary[id]);
      }
    }
    return new ChatTemplate(
        metadata.string("tokenizer.chat_template").orElse(null),
        metadata.string("tokenizer.chat_template.tool_use").orElse(null),
        specialTokens,
        control,
        new HashSet<>(Arrays.asList(vocabulary))::contains,
        clock);
  }

  /** As above, with the machine's clock. */
  public static ChatTemplate of(Metadata metadata) {
    return of(metadata, Clock.systemDefaultZone());
  }

  /** Whether this is ChatML because the model file has no template. */
  public boolean isFallback() {
    return isFallback;
  }

  /**
   * Renders a conversation.
   *
   * @throws ChatTemplateException of any kind but {@code INVALID}
   */
  public RenderedPrompt render(ChatRequestView request) {
    boolean calls = request.messages().stream().anyMatch(message -> !message.toolCalls().isEmpty());
    JinjaException first = null;
    for (MessageForm form : MessageForm.values()) {
      try {
        return render(request, form);
      } catch (JinjaException e) {
        first = first == null ? e : first;
        if (!calls || e.kind() != JinjaException.Kind.FAILED) {
          break;
        }
      }
    }
    throw translate(Objects.requireNonNull(first));
  }

  private RenderedPrompt render(ChatRequestView request, MessageForm form) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>(request.variables());
    variables.putIfAbsent("documents", null);
    variables.putAll(specialTokens);
    variables.put("messages", form.of(request.messages()));
    variables.put("tools", request.tools().isEmpty() ? null : request.tools());
    variables.put("add_generation_prompt", request.addGenerationPrompt());
    JinjaTemplate chosen = toolProgram == null || request.tools().isEmpty() ? program : toolProgram;
    JinjaTemplate.Output output = chosen.render(variables, LocalDateTime.now(clock));
    return new RenderedPrompt(controlTokens.split(output.text(), output.callerChars()));
  }

  /** The day, where what it renders may depend on that. */
  public Optional<LocalDate> day() {
    return reads(CLOCK_FUNCTION) ? Optional.of(LocalDate.now(clock)) : Optional.empty();
  }

  /** Whether a variable or function, by its name, may make a difference to what it renders. */
  public boolean reads(String name) {
    return sources.contains(name);
  }

  /** What the model's answers are made of. */
  public AnswerSyntax syntax() {
    return syntax;
  }

  private static JinjaTemplate parse(String source) {
    try {
      return JinjaTemplate.parse(source);
    } catch (JinjaException e) {
      throw translate(e);
    }
  }

  private static ChatTemplateException translate(JinjaException e) {
    return switch (e.kind()) {
      case REFUSED -> new ChatTemplateException(Kind.REFUSED, e.getMessage());
      case SYNTAX -> new ChatTemplateException(Kind.INVALID, located(e));
      case FAILED -> new ChatTemplateException(Kind.FAILED, located(e));
      case LIMIT -> new ChatTemplateException(Kind.LIMIT, located(e));
    };
  }

  private static String located(JinjaException e) {
    return "chat template line=%d: %s".formatted(e.line(), e.getMessage());
  }
}
