package io.fullbore.limits;

import io.fullbore.redis.RedisScript;
import java.util.List;

/**
 * {@link LocalLedger} in Lua. All keys share the hash slot of {@code {budget}}:
 *
 * <pre>
 *   budget:{budget}:day:2026-11-25        hash: totals and rows of the day
 *     t KEY USER                            micros; KEY and USER empty: everybody; USER empty: the key
 *     c|r|p|a KEY USER MODEL                micros, requests, prompt tokens, answer tokens
 *   budget:{budget}:month:2026-11         hash: totals of the month
 *   budget:{budget}:day:2026-11-25:open   hash: reservation -&gt; micros
 * </pre>
 *
 * <p>The record of open reservations makes settling one safe to repeat, in whatever order the two
 * arrive: a repetition that settles leaves {@code settled} there for the first that is late. What a
 * dead node had reserved stays spent: it may have been.
 */
final class LedgerScripts {
  /** A hash with more fields counts new users together. */
  static final int MAX_FIELDS = 100_000;

  private static final int DAY_SECONDS = 86_400;

  /** KEYS are day, month, open; ARGV begins with id, micros, key, user, model. */
  private static final String COMMON =
      """
      local day, month, open = KEYS[1], KEYS[2], KEYS[3]
      local id, micros, key, user, model = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
      local function known(hash, field)
        return user == '' or redis.call('HEXISTS', hash, field) == 1
            or redis.call('HLEN', hash) < MAX_FIELDS
      end
      local function total(hash)
        local field = 't ' .. key .. ' ' .. user
        return known(hash, field) and field or 't ' .. key .. ' *'
      end
      local function add(hash, field, count)
        redis.call('HINCRBY', hash, field, string.format('%.0f', count))
      end
      local dayUser, monthUser = total(day), total(month)
      local line = ' ' .. key .. ' ' .. user .. ' ' .. model
      if not known(day, 'c' .. line) then line = ' ' .. key .. ' * ' .. model end
      local function spend(count)
        for _, hash in ipairs({day, month}) do
          add(hash, 't  ', count)
          add(hash, 't ' .. key .. ' ', count)
        end
        if user ~= '' then
          add(day, dayUser, count)
          add(month, monthUser, count)
        end
        add(day, 'c' .. line, count)
        redis.call('EXPIRE', day, KEPT_SECONDS)
        redis.call('EXPIRE', month, KEPT_SECONDS)
      end
      """
          .replace("MAX_FIELDS", Integer.toString(MAX_FIELDS))
          .replace("KEPT_SECONDS", Integer.toString(Ledger.KEPT_DAYS * DAY_SECONDS));

  /**
   * ARGV goes on with the limits in the order of {@link Budget}, 0 for none. Answers the place of
   * the first that would be exceeded, 0 where all is reserved.
   */
  static final RedisScript RESERVE =
      RedisScript.of(
          COMMON
              + """
              local counters = {
                {day, 't ' .. key .. ' '}, {day, dayUser}, {day, 't  '},
                {month, 't ' .. key .. ' '}, {month, monthUser}}
              for i, counter in ipairs(counters) do
                local limit = tonumber(ARGV[5 + i])
                local spent = redis.call('HGET', counter[1], counter[2]) or 0
                if limit > 0 and spent + micros > limit then return i end
              end
              spend(micros)
              redis.call('HSET', open, id, ARGV[2])
              redis.call('EXPIRE', open, OPEN_SECONDS)
              return 0
              """
                  .replace("OPEN_SECONDS", Integer.toString(2 * DAY_SECONDS)));

  /**
   * ARGV goes on with requests, prompt tokens, answer tokens, and a word. Without a reservation
   * {@code first} counts, because Redis has lost it or there was none; {@code again} and {@code
   * release} do not, because it may be settled.
   */
  static final RedisScript SETTLE =
      RedisScript.of(
          COMMON
              + """
              local reserved = redis.call('HGET', open, id)
              if reserved == 'settled' or not reserved and ARGV[9] ~= 'first' then return 0 end
              if ARGV[9] == 'again' then
                redis.call('HSET', open, id, 'settled')
              else
                redis.call('HDEL', open, id)
              end
              spend(micros - (reserved or 0))
              add(day, 'r' .. line, ARGV[6])
              add(day, 'p' .. line, ARGV[7])
              add(day, 'a' .. line, ARGV[8])
              return 1
              """);

  static final List<RedisScript> ALL = List.of(RESERVE, SETTLE);

  private LedgerScripts() {}
}
