package io.fullbore.limits;

import java.time.LocalDate;

/** Whose money, over which window. The order is that of the limits in {@link LedgerScripts}. */
enum Budget {
  KEY_DAY("day", "key"),
  USER_DAY("day", "end user"),
  EVERYBODY_DAY("day", "server"),
  KEY_MONTH("month", "key"),
  USER_MONTH("month", "end user");

  private final String window;
  private final String owner;

  Budget(String window, String owner) {
    this.window = window;
    this.owner = owner;
  }

  boolean monthly() {
    return this == KEY_MONTH || this == USER_MONTH;
  }

  /** Whose counter is meant for what this one spends. */
  Owner owner(Owner spender) {
    return switch (this) {
      case KEY_DAY, KEY_MONTH -> spender.key();
      case USER_DAY, USER_MONTH -> spender;
      case EVERYBODY_DAY -> Owner.EVERYBODY;
    };
  }

  /** The first day of the window after that of the given day. */
  LocalDate next(LocalDate day) {
    return monthly() ? day.withDayOfMonth(1).plusMonths(1) : day.plusDays(1);
  }

  String text() {
    return "the %s's budget for this UTC %s".formatted(owner, window);
  }
}
