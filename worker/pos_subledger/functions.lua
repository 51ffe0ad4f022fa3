#!lua name=perpetua_pos_VERSION

-- The sub-ledger of the point of sale: each function is one step that no other can come between.
-- All keys of a company carry the same hash tag, so that every call stays on one node of a cluster.
-- Sums are kept by HINCRBY, exact to 64 bits; Lua compares them as doubles, exact to nine thousand million units.

local function ready(state)
    return redis.call('HGET', state, 'ready') == '1'
end

-- Add to a field, and drop it at zero, so that a hash holds only what is there.
local function add(key, field, amount)
    if redis.call('HINCRBY', key, field, amount) == 0 then
        redis.call('HDEL', key, field)
    end
end

-- The same amount with the other sign, as text: 64 bits do not fit a double.
local function negated(amount)
    if string.sub(amount, 1, 1) == '-' then
        return string.sub(amount, 2)
    end
    return amount == '0' and '0' or '-' .. amount
end

local function give_back(held, holds, holdings, id)
    local content = redis.call('HGET', holdings, id)
    if not content then
        return false
    end
    for _, good in ipairs(cjson.decode(content)) do
        add(held, good[1], negated(good[2]))
    end
    redis.call('HDEL', holdings, id)
    redis.call('ZREM', holds, id)
    return true
end

-- What has run out of time is given back by whoever comes next.
local function expire(held, holds, holdings)
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', holds, '-inf', now)) do
        give_back(held, holds, holdings, id)
    end
    return now
end

-- Take up decided sales, all or none: with what they add up to, so that a thousand of them are few writes.
-- KEYS: state, reserved, held, holds, holdings, sessions, sales, totals.
-- ARGV: 'rebuild' or '', session, and as one MessagePack array of arrays: (number, content)..., the holds that were sold from,
-- (field, quantity)... and (total, amount)... of all sales together; content is [{field: quantity, ...}, {total: amount, ...}] of one.
-- Gives one answer for all of them, 'new', 'lost' or 'sealed'; where some are there already, one for each, and nothing is taken.
local function accept(keys, args)
    local state, reserved, sales, totals = keys[1], keys[2], keys[7], keys[8]
    if args[1] == '' and not ready(state) then
        return {'lost'}
    end
    local told, holds, goods, sums = unpack(cmsgpack.unpack(args[3]))
    local numbers, answers, some_known = {}, {}, false
    for place = 1, #told, 2 do
        numbers[#numbers + 1] = told[place]
    end
    for place, known in ipairs(redis.call('HMGET', sales, unpack(numbers))) do
        answers[place] = not known and 'new' or known == told[2 * place] and 'known' or 'conflict'
        some_known = some_known or known
    end
    if some_known then
        return answers
    end
    if redis.call('HEXISTS', totals, 'sealed') == 1 then
        return {'sealed'}
    end
    redis.call('HSET', sales, unpack(told))
    for _, hold in ipairs(holds) do
        give_back(keys[3], keys[4], keys[5], hold)
    end
    for place = 1, #goods, 2 do
        redis.call('HINCRBY', reserved, goods[place], goods[place + 1])
    end
    for place = 1, #sums, 2 do
        redis.call('HINCRBY', totals, sums[place], sums[place + 1])
    end
    if redis.call('HINCRBY', totals, 'sales', #numbers) == #numbers then
        redis.call('SADD', keys[6], args[2])
    end
    return {'new'}
end

-- Hold goods for a till, all or none. KEYS: state, reserved, held, holds, holdings, actual.
-- ARGV: hold, milliseconds, stamp, content, then (field, quantity, actual)... as the lane's batch `stamp` left it.
local function reserve(keys, args)
    local state, reserved, held, holds, holdings, actual = unpack(keys)
    if not ready(state) then
        return {'lost'}
    end
    local now = expire(held, holds, holdings)
    local known = redis.call('HGET', holdings, args[1])
    if known then
        return {known == args[4] and 'held' or 'conflict'}
    end
    local stamp = tonumber(args[3])
    if stamp < tonumber(redis.call('HGET', state, 'stamp') or '0') then
        return {'stale'}
    end
    for place = 5, #args, 3 do
        local field, wanted, there = args[place], tonumber(args[place + 1]), args[place + 2]
        local mirrored = redis.call('HGET', actual, field)
        local seen = mirrored and tonumber(string.match(mirrored, '^%d+')) or -1
        if seen > stamp then
            there = string.match(mirrored, ':(.*)$')
        else
            redis.call('HSET', actual, field, args[3] .. ':' .. there)
        end
        local free = tonumber(there) - tonumber(redis.call('HGET', reserved, field) or '0')
            - tonumber(redis.call('HGET', held, field) or '0')
        if wanted > free then
            return {'short', field, string.format('%.0f', free)}
        end
    end
    for place = 5, #args, 3 do
        redis.call('HINCRBY', held, args[place], args[place + 1])
    end
    redis.call('HSET', holdings, args[1], args[4])
    redis.call('ZADD', holds, now + tonumber(args[2]), args[1])
    return {'held'}
end

-- The customer has paid: the hold stays until its sale arrives. KEYS: held, holds, holdings. ARGV: hold.
local function confirm(keys, args)
    expire(keys[1], keys[2], keys[3])
    if redis.call('HEXISTS', keys[3], args[1]) == 0 then
        return 'gone'
    end
    redis.call('ZADD', keys[2], '+inf', args[1])
    return 'confirmed'
end

-- Give a hold back. KEYS: held, holds, holdings. ARGV: hold.
local function release(keys, args)
    return give_back(keys[1], keys[2], keys[3], args[1]) and 'released' or 'gone'
end

-- Take no more sales into a session, or take them again. KEYS: totals. ARGV: '1' or '0'.
local function seal(keys, args)
    if args[1] == '1' then
        redis.call('HSET', keys[1], 'sealed', '1')
    else
        redis.call('HDEL', keys[1], 'sealed')
    end
    return 'OK'
end

-- Take sales out of a session: consolidated, cancelled or moved. KEYS: state, reserved, sessions, sales, totals.
-- ARGV: stamp, session, then numbers. Gives how many were there; taking them out twice takes them out once.
local function drain(keys, args)
    local state, reserved, sessions, sales, totals = unpack(keys)
    local taken = 0
    for place = 3, #args do
        local content = redis.call('HGET', sales, args[place])
        if content then
            local sale = cjson.decode(content)
            for field, quantity in pairs(sale[1]) do
                add(reserved, field, negated(quantity))
            end
            for total, amount in pairs(sale[2]) do
                add(totals, total, negated(amount))
            end
            add(totals, 'sales', '-1')
            redis.call('HDEL', sales, args[place])
            taken = taken + 1
        end
    end
    if redis.call('HEXISTS', totals, 'sales') == 0 then
        redis.call('SREM', sessions, args[2])
    end
    -- Stock that these sales have moved is known to the lane from this batch on; older news of it would count them twice.
    if tonumber(args[1]) > tonumber(redis.call('HGET', state, 'stamp') or '0') then
        redis.call('HSET', state, 'stamp', args[1])
    end
    return taken
end

redis.register_function('perpetua_pos_VERSION_accept', accept)
redis.register_function('perpetua_pos_VERSION_reserve', reserve)
redis.register_function('perpetua_pos_VERSION_confirm', confirm)
redis.register_function('perpetua_pos_VERSION_release', release)
redis.register_function('perpetua_pos_VERSION_seal', seal)
redis.register_function('perpetua_pos_VERSION_drain', drain)
