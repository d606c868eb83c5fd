-- Switch, rates and places of every subject of one call: all of them pass and are charged, or none.
-- Runs as one step in Redis, on Redis's clock. Rates are GCRA (see auth/quotas.py).
--
-- KEYS[1]  the mark of a Redis that was filled from the database
-- KEYS[2]  switches: subject -> "epoch stopped"
-- KEYS[3…] three for each subject: minute, day (arrival times in ms), places (job -> expiry in ms)
-- ARGV[1]  job id            ARGV[2]  ms until a place that nobody renews is free again
-- ARGV[3…] six for each subject: name, epoch the caller read, ms between calls of the minute's
--          rate, calls at once of it, the same of the day's (0: no such rate), places (0: no limit)
--          -> seven values in all, see FIELDS
--
-- Answers {'closed'}, {'changed'}, or {'passed' | 'refused', now in ms, then minute, day and held of
-- each subject, as they were before}. A job that has its places passes again and is charged nothing.

local FIELDS = 7
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local job, lease_ms = ARGV[1], tonumber(ARGV[2])
local subjects = (#ARGV - 2) / FIELDS

if redis.call('EXISTS', KEYS[1]) == 0 then
  return {'closed'}
end

local function field(subject, number)
  return tonumber(ARGV[2 + (subject - 1) * FIELDS + number])
end

local function key(subject, number)
  return KEYS[2 + (subject - 1) * 3 + number]
end

-- The caller read the rows; a subject stopped, resumed or revoked since then is another one.
for subject = 1, subjects do
  local known = redis.call('HGET', KEYS[2], ARGV[2 + (subject - 1) * FIELDS + 1])
  if known then
    local epoch, stopped = string.match(known, '^(%d+) (%d)$')
    if tonumber(epoch) > field(subject, 2) or stopped == '1' then
      return {'changed'}
    end
  end
end

local answer, fits, again = {'passed', now}, true, false
for subject = 1, subjects do
  local places = key(subject, 3)
  redis.call('ZREMRANGEBYSCORE', places, '-inf', now)
  again = redis.call('ZSCORE', places, job) and true or false
  local held = redis.call('ZCARD', places) - (again and 1 or 0)
  answer[#answer + 1] = tonumber(redis.call('GET', key(subject, 1)) or 0)
  answer[#answer + 1] = tonumber(redis.call('GET', key(subject, 2)) or 0)
  answer[#answer + 1] = held
  for rate = 1, 2 do
    local every, burst = field(subject, 1 + 2 * rate), field(subject, 2 + 2 * rate)
    local arrival = answer[#answer - 3 + rate]
    if every > 0 and arrival > now + (burst - 1) * every then
      fits = false
    end
  end
  local limit = field(subject, 7)
  if limit > 0 and held >= limit then
    fits = false
  end
end

if again then
  return answer
end
if not fits then
  answer[1] = 'refused'
  return answer
end

for subject = 1, subjects do
  for rate = 1, 2 do
    local every, burst = field(subject, 1 + 2 * rate), field(subject, 2 + 2 * rate)
    if every > 0 then
      local arrival = math.max(answer[2 + (subject - 1) * 3 + rate], now) + every
      redis.call('SET', key(subject, rate), string.format('%.0f', arrival),
        'PX', string.format('%.0f', arrival - now + 60000))
    end
  end
  redis.call('ZADD', key(subject, 3), now + lease_ms, job)
  redis.call('PEXPIRE', key(subject, 3), lease_ms)
end
return answer
