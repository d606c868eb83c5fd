-- Bring switches and places up to what the database says. A switch never goes back: what somebody
-- read before another change cannot undo it.
--
-- KEYS[1]  the mark of a Redis that was filled   KEYS[2]  switches: subject -> "epoch stopped"
-- KEYS[3…] places, one key for each pair below
-- ARGV[1]  the mark's value, or ''  to leave it     ARGV[2]  ms until a place is free again
-- ARGV[3]  channel, or '' to tell nobody           ARGV[4]  how many switches follow, three each:
--          subject, epoch, 1 where it is stopped; then a job id for each of KEYS[3…]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease_ms, switches = tonumber(ARGV[2]), tonumber(ARGV[4])

for number = 0, switches - 1 do
  local subject, epoch, stopped = ARGV[5 + number * 3], ARGV[6 + number * 3], ARGV[7 + number * 3]
  local known = redis.call('HGET', KEYS[2], subject)
  if not known or tonumber(string.match(known, '^%d+')) < tonumber(epoch) then
    redis.call('HSET', KEYS[2], subject, epoch .. ' ' .. stopped)
    if ARGV[3] ~= '' then
      redis.call('PUBLISH', ARGV[3], subject)
    end
  end
end
for number = 3, #KEYS do
  redis.call('ZADD', KEYS[number], now + lease_ms, ARGV[4 + switches * 3 + number - 2])
  redis.call('PEXPIRE', KEYS[number], lease_ms)
end
if ARGV[1] ~= '' then
  redis.call('SET', KEYS[1], ARGV[1])
end
