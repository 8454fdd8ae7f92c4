-- Puts what was used in place of what was reserved, once for each reservation.
-- KEYS epoch, done, what is held of buckets, and two of each meter. ARGV reservation, candidate,
-- seconds of the mark that it is done (0: leave none, since it was only given up), and the uses.
local reservation, done_seconds = ARGV[1], whole(ARGV[3])
has(3 + (#KEYS - 3) / 2 * (1 + #USE))
local uses = meters_from(4, 4, USE)
local epoch = enter_epoch(ARGV[2])
name_keys(uses, 4)
if redis.call('EXISTS', KEYS[2]) == 1 then
  return {0, epoch}
end

local settle = {}

function settle.period(use)
  end_reserved(use.main, use.leases, reservation)
  local is_stored = redis.call('HDEL', use.main, 'f:' .. reservation) == 1
  if use.amount == 0 then
    return
  end
  if not is_stored then
    local field = 's:' .. reservation
    if redis.call('HSETNX', use.main, field, digits(use.amount)) == 1 then
      add(use.main, 'pending', use.amount)
    end
  end
  keep_at_least(use.main, use.seconds)
end

function settle.slots(use)
  end_reserved(use.main, use.leases, reservation)
end

function settle.bucket(use)
  local reserved = held_in(redis.call('HGET', KEYS[3], use.main) or '')
  local level, amount, window = bucket_at(use.main, use.limit, use.window)
  local more = cost_of(use.amount, amount, window) - cost_of(reserved, amount, window)
  if more ~= 0 then
    set_bucket(use.main, level + more, amount, window)
  end
end

for _, use in ipairs(uses) do
  settle[use.kind](use)
end
redis.call('DEL', KEYS[3])
if done_seconds > 0 then
  redis.call('SET', KEYS[2], '1', 'EX', digits(done_seconds))
end
return {1, epoch}
