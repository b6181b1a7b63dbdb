package io.fullbore.serving;

import io.fullbore.chat.answer.AnswerParser;
import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import io.fullbore.engine.GenerationRequest;

/**
 * One choice of an answer, ready to be submitted.
 *
 * @param prompt token ids, shared by the choices of one prompt
 * @param parser takes the choice's answer apart
 */
record GenerationSpec(RequestId id, int[] prompt, SamplingParams params, AnswerParser parser) {
  GenerationRequest request(String replyTo, String tenant) {
    return new GenerationRequest(id, replyTo, tenant, prompt, params);
  }
}
