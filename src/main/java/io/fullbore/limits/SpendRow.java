package io.fullbore.limits;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What one model was used by one user of a key on one UTC day.
 *
 * @param user null where none was named; {@code *} stands for all users beyond the most that are
 *     told apart; {@code ~} and hex digits for a name that is not plain
 * @param requests computed or forwarded ones that have ended
 * @param costMicros settled, and reserved for requests under way
 */
public record SpendRow(
    LocalDate day,
    String keyId,
    @Nullable String user,
    String model,
    long requests,
    long promptTokens,
    long answerTokens,
    long costMicros) {}
