-- Goes on holding what is reserved: extends its leases, and holds again what Redis has lost.
-- KEYS epoch, done, what is held of buckets, and two of each meter. ARGV reservation, candidate,
-- lease (microseconds), seconds of what is held, and the uses, which are what is reserved.
local reservation, lease, held_seconds = ARGV[1], whole(ARGV[3]), whole(ARGV[4])
has(4 + (#KEYS - 3) / 2 * (1 + #USE))
local uses = meters_from(4, 5, USE)
local epoch = enter_epoch(ARGV[2])
name_keys(uses, 4)
if redis.call('EXISTS', KEYS[2]) == 1 then
  return {0, epoch}
end

local hold = {}

function hold.period(use)
  local held = held_as(use.amount, use.worst)
  if redis.call('HSETNX', use.main, 'r:' .. reservation, held) == 1 then
    add(use.main, 'reserved', use.amount)
    add(use.main, 'exposed', use.worst)
  end
  redis.call('ZADD', use.leases, digits(now + lease), reservation)
  keep_at_least(use.main, use.seconds)
  keep_at_least(use.leases, use.seconds)
end

hold.slots = hold.period

function hold.bucket(use)
  local held = held_as(use.amount, use.worst)
  if redis.call('HSETNX', KEYS[3], use.main, held) == 1 then
    local level, amount, window = bucket_at(use.main, use.limit, use.window)
    set_bucket(use.main, level + cost_of(use.amount, amount, window), amount, window)
  end
  keep(KEYS[3], held_seconds)
end

for _, use in ipairs(uses) do
  hold[use.kind](use)
end
return {1, epoch}
