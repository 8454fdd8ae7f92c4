-- Reserves on all meters, or on none.
-- KEYS epoch, done, what is held of buckets, and two of each meter.
-- ARGV reservation, candidate, lease (microseconds), seconds of what is held, and the asks.
-- Returns status, epoch, time, and eight numbers of each meter: used, is over, level, retry, what the
-- reservation holds there (two), settled, claimed. Or the positions of periods that are not known.
local TAKEN, REFUSED, UNKNOWN = 0, 1, 2
local reservation, lease, held_seconds = ARGV[1], whole(ARGV[3]), whole(ARGV[4])
has(4 + (#KEYS - 3) / 2 * (1 + #ASK))
local asks = meters_from(4, 5, ASK)
local epoch = enter_epoch(ARGV[2])
name_keys(asks, 4)

local unknown = {UNKNOWN, epoch, now}
for number, ask in ipairs(asks) do
  if not look[ask.kind](ask, reservation, KEYS[3]) then
    unknown[#unknown + 1] = number - 1
  end
end
if #unknown > 3 then
  return unknown
end

local reserve = {}

function reserve.period(ask)
  redis.call(
    'HSET', ask.main,
    'reserved', digits(ask.all_reserved + ask.want - ask.reserved),
    'exposed', digits(ask.all_exposed + ask.worst - ask.exposed),
    'r:' .. reservation, held_as(ask.want, ask.worst)
  )
  keep(ask.main, ask.seconds)
end

reserve.slots = reserve.period

function reserve.bucket(ask)
  local more = cost_of(ask.want, ask.amount, ask.window)
    - cost_of(ask.reserved, ask.amount, ask.window)
  ask.level = ask.level + more
  set_bucket(ask.main, ask.level, ask.amount, ask.window)
  redis.call('HSET', KEYS[3], ask.main, held_as(ask.want, ask.worst))
  keep(KEYS[3], held_seconds)
end

local status = TAKEN
local is_done = redis.call('EXISTS', KEYS[2]) == 1
for _, ask in ipairs(asks) do
  if is_done then
    ask.fits = true
  elseif ask.enforced == 1 and not ask.fits and not is_settled_on(ask) then
    status = REFUSED
  end
end

local reply = {status, epoch, now}
for _, ask in ipairs(asks) do
  if status == TAKEN and not is_done then
    if not is_settled_on(ask) then
      reserve[ask.kind](ask)
      ask.used = ask.used + ask.want - ask.reserved
      ask.claimed = ask.claimed and ask.claimed + ask.worst - ask.exposed
      ask.reserved, ask.exposed = ask.want, ask.worst
      ask.is_new = true
    end
    if ask.kind ~= 'bucket' then
      redis.call('ZADD', ask.leases, digits(now + lease), reservation)
      keep(ask.leases, ask.seconds)
    end
  end
  ask.is_held = ask.is_held and not ask.is_new
  add_reading(reply, ask)
end
return reply
