-- Tells that a worker lives, and returns how many do.
-- KEYS epoch, workers, server. ARGV candidate, the worker, and for how long it counts
-- (microseconds; 0: no longer).
-- A server that restarted, or that took over, may have come back with what it knew long ago: it
-- begins a new epoch.
local lease = whole(ARGV[3])
has(3)
local info = redis.pcall('INFO', 'server')
local server = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
local known = redis.call('GET', KEYS[3])
local epoch = redis.call('GET', KEYS[1])
if not epoch or (known and server and known ~= server) then
  epoch = begin_epoch(ARGV[1])
end
if server then
  redis.call('SET', KEYS[3], server, 'EX', EPOCH_SECONDS)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', digits(now))
if lease > 0 then
  redis.call('ZADD', KEYS[2], digits(now + lease), ARGV[2])
  keep(KEYS[2], math.ceil(lease / 1000000))
  keep(KEYS[1], EPOCH_SECONDS)
else
  redis.call('ZREM', KEYS[2], ARGV[2])
end
return {redis.call('ZCARD', KEYS[2]), epoch}
