package io.fullbore.limits;

import io.fullbore.redis.RedisScript;
import java.util.List;

/**
 * {@link LocalRates} in Lua. A rate's bucket is a string of its level and the time of that level,
 * "level ms"; a bucket of slots is a sorted set of slots by their end of life. Time is Redis's own.
 * All numbers are whole and below 2^53.
 */
final class RateScripts {
  /**
   * KEYS are the buckets; ARGV is the units, the slot's name, its life in ms, the wait for a slot
   * in ms, and then each bucket's kind and limit. Answers which bucket refused (0 for none), the
   * wait in ms, and each bucket's level.
   */
  static final RedisScript TAKE =
      RedisScript.of(
          """
          local units, slot = tonumber(ARGV[1]), ARGV[2]
          local life, slotWait = tonumber(ARGV[3]), tonumber(ARGV[4])
          local clock = redis.call('TIME')
          local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
          local answer = {0, 0}
          for i, key in ipairs(KEYS) do
            local kind, limit = ARGV[2 * i + 3], tonumber(ARGV[2 * i + 4])
            local level, wait = 0, 0
            if kind == 'SLOTS' then
              redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
              level = redis.call('ZCARD', key)
              if level >= limit then wait = slotWait end
            else
              local state = redis.call('GET', key)
              if state then
                local old, at = string.match(state, '^(%d+) (%d+)$')
                level = math.max(0, old - math.max(0, now - at) * limit)
              end
              wait = math.ceil((level - math.max(0, limit - units) * 60000) / limit)
            end
            if wait > answer[2] then
              answer[1], answer[2] = i, wait
            end
            answer[i + 2] = level
          end
          if answer[1] > 0 then return answer end
          for i, key in ipairs(KEYS) do
            local kind, limit = ARGV[2 * i + 3], tonumber(ARGV[2 * i + 4])
            if kind == 'SLOTS' then
              redis.call('ZADD', key, string.format('%.0f', now + life), slot)
              redis.call('PEXPIRE', key, life)
            else
              local level = answer[i + 2] + units * 60000
              if level > 0 then
                redis.call('SET', key, string.format('%.0f %.0f', level, now),
                    'PX', string.format('%.0f', math.ceil(level / limit)))
              end
              answer[i + 2] = level
            end
          end
          return answer
          """);

  /** KEYS are the buckets; ARGV is the units, the slot's name, and then each bucket's kind. */
  static final RedisScript GIVE_BACK =
      RedisScript.of(
          """
          for i, key in ipairs(KEYS) do
            if ARGV[i + 2] == 'SLOTS' then
              redis.call('ZREM', key, ARGV[2])
            else
              local state = redis.call('GET', key)
              if state then
                local old, at = string.match(state, '^(%d+) (%d+)$')
                local level = math.max(0, old - ARGV[1] * 60000)
                redis.call('SET', key, string.format('%.0f ', level) .. at, 'KEEPTTL')
              end
            end
          end
          return 0
          """);

  static final List<RedisScript> ALL = List.of(TAKE, GIVE_BACK);

  private RateScripts() {}
}
