package io.fullbore.limits;

import io.fullbore.core.Account;
import io.fullbore.core.Allowance;

/** The budgets that hold for an account, in millionths; 0 is none. */
record Budgets(long keyDay, long userDay, long everybodyDay, long keyMonth, long userMonth) {
  static final Budgets NONE = new Budgets(0, 0, 0, 0, 0);

  static Budgets of(Account account, long dailyCeilingMicros) {
    Allowance key = account.caller().key();
    Allowance user = account.user() == null ? Allowance.UNLIMITED : account.caller().user();
    return new Budgets(
        key.dayMicros(),
        user.dayMicros(),
        dailyCeilingMicros,
        key.monthMicros(),
        user.monthMicros());
  }

  Budgets withEverybodyDay(long micros) {
    return new Budgets(keyDay, userDay, micros, keyMonth, userMonth);
  }

  long limit(Budget budget) {
    return switch (budget) {
      case KEY_DAY -> keyDay;
      case USER_DAY -> userDay;
      case EVERYBODY_DAY -> everybodyDay;
      case KEY_MONTH -> keyMonth;
      case USER_MONTH -> userMonth;
    };
  }
}
