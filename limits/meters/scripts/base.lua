-- Takes note of what the database holds of a period. KEYS epoch, two of the meter, and the done
-- marks of the reservations that are part of it. ARGV candidate, amount, records, seconds, and
-- those reservations.
local amount, records, seconds = whole(ARGV[2]), whole(ARGV[3]), whole(ARGV[4])
has(4 + #KEYS - 3)
local epoch = enter_epoch(ARGV[1])
local main, leases = KEYS[2], KEYS[3]

local known = redis.call('HGET', main, 'records')
if not known or tonumber(known) < records then
  redis.call('HSET', main, 'base', digits(amount), 'records', digits(records))
end
end_expired(main, leases)
for number = 4, #KEYS do
  local reservation = ARGV[number + 1]
  local pending = redis.call('HGET', main, 's:' .. reservation)
  if pending then
    redis.call('HDEL', main, 's:' .. reservation)
    add(main, 'pending', -tonumber(pending))
  elseif redis.call('EXISTS', KEYS[number]) == 0 then
    -- Another worker's flush may be quicker than the settlement: it would count twice until then.
    end_reserved(main, leases, reservation)
    redis.call('HSET', main, 'f:' .. reservation, '1')
  end
end
keep_at_least(main, seconds)
keep_at_least(leases, seconds)
return {1, epoch}
