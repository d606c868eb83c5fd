-- Take back what admit.lua gave one job: its places, and the calls it counted. Once: whoever finds
-- the job's place gone changes nothing.
--
-- KEYS     three for each subject: minute, day, places
-- ARGV[1]  job id, then two for each subject: ms between calls of the minute's rate and the day's

for subject = 1, #KEYS / 3 do
  if redis.call('ZREM', KEYS[subject * 3], ARGV[1]) == 1 then
    for rate = 1, 2 do
      local every, key = tonumber(ARGV[subject * 2 - 1 + rate]), KEYS[subject * 3 - 3 + rate]
      local left = redis.call('PTTL', key)
      if every > 0 and left > 0 then
        redis.call('SET', key, string.format('%.0f', redis.call('GET', key) - every), 'PX', left)
      end
    end
  end
end
