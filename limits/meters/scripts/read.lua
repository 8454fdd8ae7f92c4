-- Says what is used, and reserves nothing. KEYS epoch, and two of each meter. ARGV candidate, and
-- the asks. Returns as take does; -1 is used of a period that is not known.
has(1 + (#KEYS - 1) / 2 * (1 + #ASK))
local asks = meters_from(2, 2, ASK)
local reply = {0, enter_epoch(ARGV[1]), now}
name_keys(asks, 2)
for _, ask in ipairs(asks) do
  if not look[ask.kind](ask, '', false) then
    find_held(ask, false)
    ask.used, ask.fits = -1, true
  end
  add_reading(reply, ask)
end
return reply
