package io.fullbore.http.wire;

import io.fullbore.core.Account;
import io.fullbore.core.Caller;
import org.jspecify.annotations.Nullable;

/**
 * Who sent a request, before its body is read.
 *
 * @param user the end user that a header names, or null
 */
public record Requester(Caller caller, @Nullable String user) {
  /**
   * @param userInBody the end user that the body names; the header, which a gateway may set for
   *     bodies that it does not write, counts more
   */
  public Account account(@Nullable String userInBody) {
    return new Account(caller, user != null ? user : userInBody);
  }
}
