package io.fullbore.upstream;

import io.fullbore.core.Failure;

/**
 * Why an upstream gave no answer.
 *
 * @param failure what the caller is told where nobody else can answer; holds no secret
 * @param elsewhere whether another target may answer: false where the request itself is wrong, and
 *     where pieces of the answer were passed on
 */
public record UpstreamFailure(Failure failure, boolean elsewhere) {}
