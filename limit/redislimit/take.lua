-- SPDX-License-Identifier: Apache-2.0

-- One ask, all or none. KEYS: its meters. ARGV: the act (0 take, 1 look, 2 give back, 3 owe), then six numbers for each
-- meter: charge, room and most, each in seconds and femtoseconds. Every number is whole and below 2^53, so exact.
-- Answers: whether it passes, the time in seconds and femtoseconds, and for each meter when it was full before.
-- A meter is written as seconds:femtoseconds, and is gone a second after it is full.

local second = 1000000000000000

local function add(s, f, s2, f2)
	s, f = s + s2, f + f2
	if f >= second then return s + 1, f - second end
	return s, f
end

local function later(s, f, s2, f2) return s > s2 or s == s2 and f > f2 end

local time = redis.call('TIME')
local now, nowf = tonumber(time[1]), tonumber(time[2]) * 1000000000
local act, passes = ARGV[1], 1
local answer, states = {1, now, nowf}, redis.call('MGET', unpack(KEYS))

for i = 1, #KEYS do
	local at = 6 * i - 4
	local s, f = 0, 0
	if states[i] then
		local colon = string.find(states[i], ':', 1, true)
		s, f = tonumber(string.sub(states[i], 1, colon - 1)), tonumber(string.sub(states[i], colon + 1))
	end
	local ms, mf = add(now, nowf, tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]))
	local cut = later(s, f, ms, mf) -- written before the clock was set back
	if cut then s, f = ms, mf end
	local full, fullf = s, f
	answer[2 * i + 2], answer[2 * i + 3] = s, f
	if later(now, nowf, s, f) then s, f = now, nowf end
	local charge, chargef = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
	if act == '2' then
		s, f = s - charge, f - chargef
		if f < 0 then s, f = s - 1, f + second end
	else
		s, f = add(s, f, charge, chargef)
		local rs, rf = add(now, nowf, tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]))
		if later(s, f, rs, rf) then passes = 0 end
		if later(s, f, ms, mf) then s, f = ms, mf end
	end
	states[i] = {s, f, cut, full, fullf}
end

answer[1] = passes
local takes = act == '0' and passes == 1 or act == '2' or act == '3'
for i = 1, #KEYS do
	local s, f, cut = states[i][1], states[i][2], states[i][3]
	if not takes then s, f = states[i][4], states[i][5] end -- a cut is kept, or the meter would never fill
	if takes or cut and act == '0' then
		local left = (s - now) * 1000 + math.ceil((f - nowf) / 1000000000000)
		if left > 0 then
			redis.call('SET', KEYS[i], string.format('%.0f:%.0f', s, f), 'PX', left + 1000)
		else
			redis.call('DEL', KEYS[i])
		end
	end
end
return answer
