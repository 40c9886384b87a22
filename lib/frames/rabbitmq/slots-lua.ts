/**
 * What happens to slots, each step as one script by the clock of Redis. KEYS[1] begins every name:
 *
 *   waiting        each waiting frame → since when (ms); a member is `lane\nid\nsize`
 *   lanes          each lane (city/camera) → how many of it wait
 *   lane:<lane>    its waiting members, oldest first, two at most
 *   served         lane → number of the turn that served it last
 *   turn:<lane>    the turn that is under way for it
 *   frame:<id>     head and bytes
 *   hold:<turn>    what was handed out for a turn: id, attempt        held    turn → since when
 *   refused        the last refused, youngest first                   refused:<id>  head, bytes, reason, at
 *   totals         counters, and the bytes that wait and that are refused
 *
 * Everything has a life time: with its writers gone nothing of it stays.
 */
const SHARED = `
local P = KEYS[1]
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local DAY = 86400000

local function count(name, by) return tonumber(call('HINCRBY', P .. 'totals', name, by)) end

local function leave(member)
  local lane, id, size = string.match(member, '^(.-)\\n(.-)\\n(%d+)$')
  call('ZREM', P .. 'waiting', member)
  call('LREM', P .. 'lane:' .. lane, 1, member)
  count('bytes', -size)
  if tonumber(call('ZINCRBY', P .. 'lanes', -1, lane)) <= 0 then call('ZREM', P .. 'lanes', lane) end
  return id
end

local function lose(member, why)
  call('UNLINK', P .. 'frame:' .. leave(member))
  count(why, 1)
end

local function expire(age)
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'waiting', '-inf', '(' .. (now - age))) do lose(member, 'expired') end
end

local function keep(lane)
  for _, name in ipairs({ 'waiting', 'lanes', 'served', 'totals', 'held', 'lane:' .. lane }) do call('PEXPIRE', P .. name, DAY) end
end
`;

/** ARGV: lane, id, size, head, bytes, most frames, most bytes, age ms, turn. Answers what became of it, and `turn` where it is to begin. */
export const OFFER = `${SHARED}
local lane, id, size, head, bytes = unpack(ARGV, 1, 5)
local most_frames, most_bytes, age, turn = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
if call('EXISTS', P .. 'frame:' .. id) == 1 then return { 'added', '' } end
expire(age)

local function is_full()
  if call('ZCARD', P .. 'waiting') + 1 > most_frames then return true end
  return tonumber(call('HGET', P .. 'totals', 'bytes') or 0) + size > most_bytes
end

local function most_served(lanes)
  local best, best_turn = nil, -1
  local turns = #lanes > 0 and call('ZMSCORE', P .. 'served', unpack(lanes)) or {}
  for n, name in ipairs(lanes) do
    local at = tonumber(turns[n] or 0)
    if at > best_turn then best, best_turn = name, at end
  end
  return best, best_turn
end

-- Second frames first, then the frame of whoever was served more recently than the newcomer.
local function victim()
  local crowded = most_served(call('ZRANGEBYSCORE', P .. 'lanes', 2, '+inf'))
  if crowded then return crowded end
  local other, at = most_served(call('ZRANGE', P .. 'lanes', 0, -1))
  if other and at > tonumber(call('ZSCORE', P .. 'served', lane) or 0) then return other end
end

local own = P .. 'lane:' .. lane
local answer = 'added'
local waiting = call('LLEN', own)
if waiting >= 2 or (waiting > 0 and is_full()) then
  lose(call('LINDEX', own, 0), 'evicted')
  answer = 'replaced'
end
while is_full() do
  local poor = victim()
  if not poor then return { 'refused', '' } end
  lose(call('LINDEX', P .. 'lane:' .. poor, 0), 'evicted')
end

local member = lane .. '\\n' .. id .. '\\n' .. size
call('RPUSH', own, member)
call('ZADD', P .. 'waiting', now, member)
call('ZINCRBY', P .. 'lanes', 1, lane)
count('bytes', size)
count('taken', 1)
call('HSET', P .. 'frame:' .. id, 'head', head, 'bytes', bytes)
call('PEXPIRE', P .. 'frame:' .. id, age * 2)
keep(lane)
if call('SET', P .. 'turn:' .. lane, turn, 'NX', 'PX', age) then return { answer, turn } end
return { answer, '' }`;

/**
 * ARGV: lane, turn, attempt, age ms, hold ms, next turn. Answers nothing where there is nothing to do, else head, bytes, and
 * `next turn` where one is to begin because more of the lane waits.
 */
export const TAKE = `${SHARED}
local lane, turn, attempt, age, hold, next_turn = unpack(ARGV)
expire(age)
local held = P .. 'hold:' .. turn
local id = call('HGET', held, 'id')
local following = ''
if not id then
  if call('GET', P .. 'turn:' .. lane) ~= turn then return {} end
  call('DEL', P .. 'turn:' .. lane)
  local first = call('LINDEX', P .. 'lane:' .. lane, 0)
  if not first then return {} end
  id = leave(first)
  call('ZADD', P .. 'served', count('turns', 1), lane)
  call('ZADD', P .. 'held', now, turn)
  if call('LLEN', P .. 'lane:' .. lane) > 0 then
    call('SET', P .. 'turn:' .. lane, next_turn, 'PX', age)
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

/** ARGV: turn. */
export const SETTLE = `${SHARED}
local held = P .. 'hold:' .. ARGV[1]
local id = call('HGET', held, 'id')
call('UNLINK', held)
call('ZREM', P .. 'held', ARGV[1])
if id then call('UNLINK', P .. 'frame:' .. id) end`;

/** ARGV: turn, reason, most refused, most bytes of them. */
export const REFUSE = `${SHARED}
local turn, reason, most, most_bytes = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local held = P .. 'hold:' .. turn
local id = call('HGET', held, 'id')
call('UNLINK', held)
call('ZREM', P .. 'held', turn)
if not id or call('EXISTS', P .. 'frame:' .. id) == 0 then return end
local kept = P .. 'refused:' .. id
call('RENAME', P .. 'frame:' .. id, kept)
call('HSET', kept, 'reason', reason, 'at', now)
call('PEXPIRE', kept, DAY)
local size = call('HSTRLEN', kept, 'bytes')
call('LPUSH', P .. 'refused', id .. '\\n' .. size)
call('PEXPIRE', P .. 'refused', DAY)
count('refused', 1)
local bytes = count('refused_bytes', size)
while call('LLEN', P .. 'refused') > most or (bytes > most_bytes and call('LLEN', P .. 'refused') > 1) do
  local old, old_size = string.match(call('RPOP', P .. 'refused'), '^(.-)\\n(%d+)$')
  call('UNLINK', P .. 'refused:' .. old)
  bytes = count('refused_bytes', -old_size)
end`;

/** ARGV: age ms, hold ms. Answers how many wait, are held, were taken, evicted, expired, refused. */
export const COUNTS = `${SHARED}
expire(ARGV[1])
call('ZREMRANGEBYSCORE', P .. 'held', '-inf', '(' .. (now - ARGV[2]))
local totals = call('HMGET', P .. 'totals', 'taken', 'evicted', 'expired', 'refused')
local answer = { call('ZCARD', P .. 'waiting'), call('ZCARD', P .. 'held') }
for n = 1, 4 do answer[n + 2] = tonumber(totals[n] or 0) end
return answer`;
