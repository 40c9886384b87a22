/**
 * What happens to slots, each step as one script by the clock of Redis. KEYS[1] begins every name. Of all consumers:
 *
 *   frame:<id>     head and bytes, and for how many consumers they are still kept (refs)
 *
 * and after a consumer's name and a colon, of that one alone:
 *
 *   waiting        each waiting frame → since when (ms); a member is `lane\nid\nsize`
 *   lanes          each lane (city/camera) → how many of it wait
 *   lane:<lane>    its waiting members, oldest first, two at most
 *   served         lane → number of the turn that served it last
 *   turn:<lane>    the turn that is under way for it
 *   hold:<turn>    what was handed out for a turn: id, attempt        held    turn → since when
 *   refused        the last refused, youngest first                   refused:<id>  head, bytes, reason, at
 *   totals         counters, and the bytes that wait and that are refused
 *
 * Everything has a life time: with its writers gone nothing of it stays.
 */
const SHARED = `
local P = KEYS[1]
local G = P .. ARGV[1] .. ':'
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local DAY = 86400000

local function count(name, by) return tonumber(call('HINCRBY', G .. 'totals', name, by)) end

local function release(id)
  if tonumber(call('HINCRBY', P .. 'frame:' .. id, 'refs', -1)) <= 0 then call('UNLINK', P .. 'frame:' .. id) end
end

local function leave(member)
  local lane, id, size = string.match(member, '^(.-)\\n(.-)\\n(%d+)$')
  call('ZREM', G .. 'waiting', member)
  call('LREM', G .. 'lane:' .. lane, 1, member)
  count('bytes', -size)
  if tonumber(call('ZINCRBY', G .. 'lanes', -1, lane)) <= 0 then call('ZREM', G .. 'lanes', lane) end
  return id
end

local function lose(member, why)
  release(leave(member))
  count(why, 1)
end

local function expire(age)
  for _, member in ipairs(call('ZRANGEBYSCORE', G .. 'waiting', '-inf', '(' .. (now - age))) do lose(member, 'expired') end
end

local function keep(lane)
  for _, name in ipairs({ 'waiting', 'lanes', 'served', 'totals', 'held', 'lane:' .. lane }) do call('PEXPIRE', G .. name, DAY) end
end
`;

/**
 * ARGV: the consumers with commas, lane, id, size, head, bytes, most frames, most bytes, age ms, and for each consumer a turn. Answers
 * for each what became of it, and its turn where that is to begin.
 */
export const OFFER = `${SHARED}
local lane, id, size, head, bytes = unpack(ARGV, 2, 6)
local most_frames, most_bytes, age = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local is_known = call('EXISTS', P .. 'frame:' .. id) == 1

local function is_full()
  if call('ZCARD', G .. 'waiting') + 1 > most_frames then return true end
  return tonumber(call('HGET', G .. 'totals', 'bytes') or 0) + size > most_bytes
end

local function most_served(lanes)
  local best, best_turn = nil, -1
  local turns = #lanes > 0 and call('ZMSCORE', G .. 'served', unpack(lanes)) or {}
  for n, name in ipairs(lanes) do
    local at = tonumber(turns[n] or 0)
    if at > best_turn then best, best_turn = name, at end
  end
  return best, best_turn
end

-- Second frames first, then the frame of whoever was served more recently than the newcomer.
local function victim()
  local crowded = most_served(call('ZRANGEBYSCORE', G .. 'lanes', 2, '+inf'))
  if crowded then return crowded end
  local other, at = most_served(call('ZRANGE', G .. 'lanes', 0, -1))
  if other and at > tonumber(call('ZSCORE', G .. 'served', lane) or 0) then return other end
end

local function add(turn)
  local own = G .. 'lane:' .. lane
  local answer = 'added'
  expire(age)
  local waiting = call('LLEN', own)
  if waiting >= 2 or (waiting > 0 and is_full()) then
    lose(call('LINDEX', own, 0), 'evicted')
    answer = 'replaced'
  end
  while is_full() do
    local poor = victim()
    if not poor then
      count('evicted', 1)
      keep(lane)
      return 'refused', ''
    end
    lose(call('LINDEX', G .. 'lane:' .. poor, 0), 'evicted')
  end
  local member = lane .. '\\n' .. id .. '\\n' .. size
  call('RPUSH', own, member)
  call('ZADD', G .. 'waiting', now, member)
  call('ZINCRBY', G .. 'lanes', 1, lane)
  count('bytes', size)
  count('taken', 1)
  keep(lane)
  if call('SET', G .. 'turn:' .. lane, turn, 'NX', 'PX', age) then return answer, turn end
  return answer, ''
end

local answers, refs = {}, 0
for consumer in string.gmatch(ARGV[1], '[^,]+') do
  G = P .. consumer .. ':'
  local answer, turn = 'added', ''
  if not is_known then answer, turn = add(ARGV[10 + #answers / 2]) end
  if answer ~= 'refused' then refs = refs + 1 end
  answers[#answers + 1] = answer
  answers[#answers + 1] = turn
end
if refs > 0 and not is_known then
  call('HSET', P .. 'frame:' .. id, 'head', head, 'bytes', bytes, 'refs', refs)
  call('PEXPIRE', P .. 'frame:' .. id, age * 2)
end
return answers`;

/**
 * ARGV: consumer, lane, turn, attempt, age ms, hold ms, next turn. Answers nothing where there is nothing to do, else head, bytes, and
 * `next turn` where one is to begin because more of the lane waits.
 */
export const TAKE = `${SHARED}
local lane, turn, attempt, age, hold, next_turn = unpack(ARGV, 2)
expire(age)
local held = G .. 'hold:' .. turn
local id = call('HGET', held, 'id')
local following = ''
if not id then
  if call('GET', G .. 'turn:' .. lane) ~= turn then return {} end
  call('DEL', G .. 'turn:' .. lane)
  local first = call('LINDEX', G .. 'lane:' .. lane, 0)
  if not first then return {} end
  id = leave(first)
  call('ZADD', G .. 'served', count('turns', 1), lane)
  call('ZADD', G .. 'held', now, turn)
  if call('LLEN', G .. 'lane:' .. lane) > 0 then
    call('SET', G .. 'turn:' .. lane, next_turn, 'PX', age)
    following = next_turn
  end
  keep(lane)
end
call('HSET', held, 'id', id, 'attempt', attempt)
call('PEXPIRE', held, hold)
call('PEXPIRE', P .. 'frame:' .. id, hold)
local frame = call('HMGET', P .. 'frame:' .. id, 'head', 'bytes')
if not frame[1] or not frame[2] then return {} end
return { frame[1], frame[2], following }`;

/** ARGV: consumer, turn. */
export const SETTLE = `${SHARED}
local held = G .. 'hold:' .. ARGV[2]
local id = call('HGET', held, 'id')
call('UNLINK', held)
call('ZREM', G .. 'held', ARGV[2])
if id then release(id) end`;

/** ARGV: consumer, turn, reason, most refused, most bytes of them. */
export const REFUSE = `${SHARED}
local turn, reason, most, most_bytes = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local held = G .. 'hold:' .. turn
local id = call('HGET', held, 'id')
call('UNLINK', held)
call('ZREM', G .. 'held', turn)
if not id or call('EXISTS', P .. 'frame:' .. id) == 0 then return end
local kept = G .. 'refused:' .. id
local frame = call('HMGET', P .. 'frame:' .. id, 'head', 'bytes')
release(id)
call('HSET', kept, 'head', frame[1] or '', 'bytes', frame[2] or '', 'reason', reason, 'at', now)
call('PEXPIRE', kept, DAY)
local size = call('HSTRLEN', kept, 'bytes')
call('LPUSH', G .. 'refused', id .. '\\n' .. size)
call('PEXPIRE', G .. 'refused', DAY)
count('refused', 1)
local bytes = count('refused_bytes', size)
while call('LLEN', G .. 'refused') > most or (bytes > most_bytes and call('LLEN', G .. 'refused') > 1) do
  local old, old_size = string.match(call('RPOP', G .. 'refused'), '^(.-)\\n(%d+)$')
  call('UNLINK', G .. 'refused:' .. old)
  bytes = count('refused_bytes', -old_size)
end`;

/** ARGV: consumer, age ms, hold ms. Answers how many wait, are held, were taken, evicted, expired, refused. */
export const COUNTS = `${SHARED}
expire(ARGV[2])
call('ZREMRANGEBYSCORE', G .. 'held', '-inf', '(' .. (now - ARGV[3]))
local totals = call('HMGET', G .. 'totals', 'taken', 'evicted', 'expired', 'refused')
local answer = { call('ZCARD', G .. 'waiting'), call('ZCARD', G .. 'held') }
for n = 1, 4 do answer[n + 2] = tonumber(totals[n] or 0) end
return answer`;
