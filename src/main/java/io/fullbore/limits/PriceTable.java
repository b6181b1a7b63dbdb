package io.fullbore.limits;

import io.fullbore.config.GatewayConfig;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What tokens cost. A model that is not listed costs nothing. */
public final class PriceTable {
  /** A billion of the currency: what dearer requests are said to cost. */
  static final long MAX_MICROS = 1_000_000_000_000_000L;

  private static final long MILLION = 1_000_000;

  /** More tokens than any request has; keeps the products below a long. */
  private static final long MAX_TOKENS = 1_000_000_000_000L;

  private final Map<String, GatewayConfig.Price> prices;

  private PriceTable(Map<String, GatewayConfig.Price> prices) {
    this.prices = prices;
  }

  /** The last price counts where a model is listed twice. */
  public static PriceTable of(List<GatewayConfig.Price> prices) {
    return new PriceTable(
        prices.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    GatewayConfig.Price::model, Function.identity(), (first, last) -> last)));
  }

  /** Rounded up; at most {@link #MAX_MICROS}. */
  public long costMicros(String model, long promptTokens, long answerTokens) {
    if (promptTokens < 0 || answerTokens < 0) {
      throw new IllegalArgumentException(
          "promptTokens=%d answerTokens=%d must not be negative"
              .formatted(promptTokens, answerTokens));
    }
    GatewayConfig.Price price = prices.get(model);
    if (price == null) {
      return 0;
    }
    long prompt = Math.min(promptTokens, MAX_TOKENS);
    long answer = Math.min(answerTokens, MAX_TOKENS);
    long promptPrice = price.promptMicrosPerMillion();
    long answerPrice = price.answerMicrosPerMillion();
    double about = ((double) prompt * promptPrice + (double) answer * answerPrice) / MILLION;
    if (about >= MAX_MICROS) {
      return MAX_MICROS;
    }
    long whole = prompt * (promptPrice / MILLION) + answer * (answerPrice / MILLION);
    long rest = prompt * (promptPrice % MILLION) + answer * (answerPrice % MILLION);
    return Math.min(MAX_MICROS, whole + Math.ceilDiv(rest, MILLION));
  }
}
