package io.fullbore.limits;

import io.fullbore.core.Usage;
import java.time.LocalDate;

/** What {@link Ledger} answers. */
sealed interface Booking {
  /** The money is reserved. */
  record Booked(Receipt receipt) implements Booking {}

  /**
   * Nothing is reserved: a budget does not hold so much any more.
   *
   * @param day the one it was checked for, which may be over
   */
  record Spent(Budget budget, LocalDate day) implements Booking {}

  /** Nothing is reserved: nobody can tell now what is left. */
  record Unknown() implements Booking {}

  /** The way to settle what was reserved; used once. Never fails and never waits. */
  interface Receipt {
    /** Puts the real cost in the place of the reserved one, and counts the request. */
    void settle(long micros, Usage usage);

    /** Takes the reservation back, as if there had been no request. */
    void release();
  }
}
