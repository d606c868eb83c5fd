-- One network's calls, counted as a leaky bucket (GCRA, see auth/quotas.py) on Redis's clock.
--
-- KEYS[1]  when its calls so far would have come at an even pace, in ms
-- ARGV[1]  ms between two calls   ARGV[2]  calls at once   ARGV[3]  1 to count one, 0 to look
--
-- Answers how many ms it has to wait; 0: the call passes, and was counted if that was asked for.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or 0)
local wait = arrival - now - (burst - 1) * every

if wait > 0 then
  return wait
end
if ARGV[3] == '1' then
  arrival = math.max(arrival, now) + every
  redis.call('SET', KEYS[1], string.format('%.0f', arrival),
    'PX', string.format('%.0f', arrival - now + 60000))
end
return 0
