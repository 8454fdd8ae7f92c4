-- What is used of a meter, and what an ask wants of it. False for a period that is not known.
local look = {}

local function find_held(ask, text)
  ask.is_held = text and true
  ask.reserved, ask.exposed = held_in(text)
end

function look.period(ask, reservation)
  end_expired(ask.main, ask.leases)
  local found = redis.call(
    'HMGET', ask.main, 'base', 'pending', 'reserved', 'exposed', 'r:' .. reservation
  )
  if not found[1] then
    return false
  end
  find_held(ask, found[5])
  ask.all_reserved, ask.all_exposed = tonumber(found[3] or 0), tonumber(found[4] or 0)
  local settled = tonumber(found[1]) + tonumber(found[2] or 0)
  ask.used = settled + ask.all_reserved
  ask.settled, ask.claimed = settled, settled + ask.all_exposed
  local others = redis.call('ZCARD', ask.leases) - (ask.is_held and 1 or 0)
  local left = ask.amount - ask.used + ask.reserved
  local is_near = left < LOOSE * ask.worst * (others + 1)
  ask.want = math.max(is_near and ask.worst or ask.typical, ask.reserved)
  ask.fits = ask.worst <= ask.exposed
    or settled + ask.all_exposed - ask.exposed + ask.worst <= ask.amount
  return true
end

function look.slots(ask, reservation)
  end_expired(ask.main, ask.leases)
  local found = redis.call('HMGET', ask.main, 'reserved', 'exposed', 'r:' .. reservation)
  find_held(ask, found[3])
  ask.all_reserved, ask.all_exposed = tonumber(found[1] or 0), tonumber(found[2] or 0)
  ask.used = ask.all_reserved
  ask.want = math.max(ask.worst, ask.reserved)
  ask.fits = ask.want <= ask.reserved or ask.used + ask.want - ask.reserved <= ask.amount
  return true
end

function look.bucket(ask, reservation, held)
  find_held(ask, held and redis.call('HGET', held, ask.main))
  local level, amount, window = bucket_at(ask.main, ask.amount, ask.window)
  if amount ~= ask.amount or window ~= ask.window then
    level = rescaled(level, amount, window, ask.amount, ask.window)
  end
  ask.level = level
  ask.used = math.ceil(level * ask.amount / ask.window)
  local is_near = ask.amount - ask.used < LOOSE * ask.worst
  ask.want = math.max(is_near and ask.worst or ask.typical, ask.reserved)
  local more = ask.want - ask.reserved
  local wait = level + cost_of(more, ask.amount, ask.window) - ask.window
  ask.fits = more <= 0 or (more <= ask.amount and wait <= 0)
  ask.retry = more <= ask.amount and math.max(wait, 0) or -1
  return true
end

-- What a reservation holds already stays as it is, unless it asks for a larger worst.
local function is_settled_on(ask)
  return ask.is_held and ask.worst <= ask.exposed
end

local function add_reading(reply, ask)
  local fits = ask.fits or is_settled_on(ask)
  reply[#reply + 1] = ask.used
  reply[#reply + 1] = fits and 0 or 1
  reply[#reply + 1] = ask.level or 0
  reply[#reply + 1] = ask.retry or -1
  reply[#reply + 1] = ask.reserved
  reply[#reply + 1] = ask.exposed
  reply[#reply + 1] = ask.settled or 0
  reply[#reply + 1] = ask.claimed or 0
end
