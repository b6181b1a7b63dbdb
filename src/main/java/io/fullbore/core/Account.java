package io.fullbore.core;

import org.jspecify.annotations.Nullable;

/**
 * Who a request is counted for: a key and, where the caller names one, the end user under it.
 *
 * @param user as the caller wrote it; any text
 */
public record Account(Caller caller, @Nullable String user) {
  /** Nobody in particular. */
  public static final Account ANONYMOUS = new Account(Caller.ANONYMOUS, null);

  /** Names the account: no two keys share one, and the users of a key each have their own. */
  public String scope() {
    return user == null ? caller.keyId() : caller.keyId() + "." + user;
  }
}
