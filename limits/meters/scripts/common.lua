-- Begins every script. All numbers are whole and below 2^53, so that a double holds them exactly,
-- and each argument is read before the first write: a script that fails half-way is not rolled
-- back. The arithmetic of buckets is that of limits/meters/gcra.py.
--
-- All keys but that of the epoch end with the epoch: a new one makes everything unknown at once, and
-- what is left of the old one expires.
--
-- A meter has two keys: a hash, and a sorted set of reservations by the end of their leases.
--     period  base records pending reserved exposed, r:<reservation> s:<reservation> f:<reservation>
--     slots   reserved exposed, r:<reservation>
--     bucket  tat amount window
-- r: is held as "reserved:worst", s: was settled and is pending, f: was stored before it was
-- settled. What a reservation holds of buckets stands in a hash of its own.
local MOST = 9007199254740991
local LOOSE = 4
local PRUNED_AT_ONCE = 100
local EPOCH_SECONDS = 2592000
local LONGEST = 3153600000000000

local function whole(text)
  local number = text and #text <= 16 and string.find(text, '^%d+$') and tonumber(text)
  if not number or number > MOST then
    error('BADARGUMENT ' .. tostring(text))
  end
  return number
end

local function has(count)
  if #ARGV ~= count then
    error('BADARGUMENT ' .. #ARGV .. ' arguments')
  end
end

local function digits(number)
  return string.format('%.0f', number)
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- The first key is that of the epoch, which a Redis that was emptied lacks.
local function begin_epoch(candidate)
  local epoch = string.format('%s%x', candidate, now)
  redis.call('SET', KEYS[1], epoch, 'EX', EPOCH_SECONDS)
  return epoch
end

-- Returns the epoch, and has the other keys belong to it.
local function enter_epoch(candidate)
  local epoch = redis.call('GET', KEYS[1]) or begin_epoch(candidate)
  for number = 2, #KEYS do
    KEYS[number] = KEYS[number] .. ':' .. epoch
  end
  return epoch
end

local function keep(key, seconds)
  redis.call('EXPIRE', key, digits(seconds))
end

local function keep_at_least(key, seconds)
  if redis.call('TTL', key) < seconds then
    keep(key, seconds)
  end
end

local function held_in(text)
  local reserved, worst = string.match(text or '', '^(%d+):(%d+)$')
  return tonumber(reserved or 0), tonumber(worst or 0)
end

local function held_as(reserved, worst)
  return digits(reserved) .. ':' .. digits(worst)
end

-- HINCRBY takes no -0.
local function add(main, field, delta)
  if delta ~= 0 then
    redis.call('HINCRBY', main, field, digits(delta))
  end
end

local function end_reserved(main, leases, reservation)
  local field = 'r:' .. reservation
  local held = redis.call('HGET', main, field)
  if held then
    local reserved, worst = held_in(held)
    redis.call('HDEL', main, field)
    add(main, 'reserved', -reserved)
    add(main, 'exposed', -worst)
  end
  redis.call('ZREM', leases, reservation)
end

local function end_expired(main, leases)
  local expired =
    redis.call('ZRANGEBYSCORE', leases, '-inf', digits(now), 'LIMIT', 0, PRUNED_AT_ONCE)
  for _, reservation in ipairs(expired) do
    end_reserved(main, leases, reservation)
  end
end

local function cost_of(count, amount, window)
  if count <= 0 or amount <= 0 then
    return 0
  end
  return math.max(1, math.floor(count * window / amount))
end

local function rescaled(level, old_amount, old_window, amount, window)
  if old_amount <= 0 or amount <= 0 then
    return level
  end
  if old_window == window then
    return math.min(math.floor(level * old_amount / amount), LONGEST)
  end
  return math.min(math.floor(level * old_amount * window / (old_window * amount)), LONGEST)
end

-- The level of a bucket, and the amount and the window that it was last asked with.
local function bucket_at(main, amount, window)
  local found = redis.call('HMGET', main, 'tat', 'amount', 'window')
  if not found[1] then
    return 0, amount, window
  end
  return math.max(tonumber(found[1]) - now, 0), tonumber(found[2]), tonumber(found[3])
end

local function set_bucket(main, level, amount, window)
  if level <= 0 then
    redis.call('DEL', main)
    return
  end
  level = math.min(level, LONGEST)
  redis.call(
    'HSET', main, 'tat', digits(now + level), 'amount', digits(amount), 'window', digits(window)
  )
  redis.call('PEXPIRE', main, digits(math.ceil(level / 1000) + 1000))
end

-- The meters from a key on. `names` are those of the arguments of each, from `at` on.
local function meters_from(first_key, at, names)
  local meters = {}
  for number = 1, (#KEYS - first_key + 1) / 2 do
    local meter = {kind = ARGV[at]}
    if meter.kind ~= 'bucket' and meter.kind ~= 'period' and meter.kind ~= 'slots' then
      error('BADARGUMENT ' .. tostring(meter.kind))
    end
    for offset, name in ipairs(names) do
      meter[name] = whole(ARGV[at + offset])
    end
    if meter.kind == 'bucket' and meter.window == 0 then
      error('BADARGUMENT window')
    end
    meters[number] = meter
    at = at + 1 + #names
  end
  return meters
end

local function name_keys(meters, first_key)
  for number, meter in ipairs(meters) do
    meter.main, meter.leases = KEYS[first_key + 2 * number - 2], KEYS[first_key + 2 * number - 1]
  end
end

local ASK = {'amount', 'typical', 'worst', 'window', 'seconds', 'enforced'}
local USE = {'amount', 'worst', 'window', 'limit', 'seconds'}
