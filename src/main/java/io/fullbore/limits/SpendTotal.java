package io.fullbore.limits;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What a key or one of its users has spent on one UTC day: the very counter that their budget is
 * held against. A key's is the sum of its {@link SpendRow}s, and so is a user's unless there were
 * more users than are told apart.
 *
 * @param user null for the whole key
 */
public record SpendTotal(LocalDate day, String keyId, @Nullable String user, long costMicros) {}
