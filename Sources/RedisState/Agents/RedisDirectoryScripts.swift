/// The scripts of the shared directory. All its keys are in one slot:
///
/// - `state`: the store's epoch, the number of the last change, and up to which number changes were forgotten
/// - `agents`: name → owner and definition · `instances`: name/id → time to live and address
/// - `index`: name/id, sorted, so that an agent's instances are a range · `expiry`: name/id → when it leaves
/// - `changes`: name → number of its last change · `vacant`: name without instances → how long it stays its owner's
enum RedisDirectoryScripts {
    static let keyNames = ["state", "agents", "instances", "index", "expiry", "changes", "vacant"]

    /// ARGV 1–6 of every script: a new epoch, channel, ms that keys live, ms that a vacant name stays its owner's, longest
    /// time to live of an instance, most agents.
    ///
    /// Keys of another type are nobody's and give way. When a part is lost, as by an eviction, the rest means nothing any
    /// more: the store begins anew under another epoch, and the nodes bring back what lives.
    private static let opening = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local state, agents, instances, index, expiry, changes, vacant = unpack(KEYS)
        local types = {'hash', 'hash', 'hash', 'zset', 'zset', 'zset', 'zset'}
        for i, key in ipairs(KEYS) do
            local type = redis.call('TYPE', key).ok
            if type ~= types[i] and type ~= 'none' then redis.call('DEL', key) end
        end
        local living = redis.call('ZCARD', index)
        if living ~= redis.call('ZCARD', expiry) or living ~= redis.call('HLEN', instances)
            or redis.call('HLEN', agents) ~= redis.call('ZCARD', changes) then
            redis.call('DEL', state, instances, index, expiry, changes)
            living = 0
            for i, agent in ipairs(redis.call('HKEYS', agents)) do
                redis.call('ZADD', changes, i, agent)
                redis.call('ZADD', vacant, 'NX', now + tonumber(ARGV[4]), agent)
            end
        end
        local function keep()
            for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
        end
        local epoch = redis.call('HGET', state, 'epoch')
        if not epoch then
            epoch = ARGV[1]
            local last = redis.call('ZREVRANGE', changes, 0, 0, 'WITHSCORES')
            redis.call('HSET', state, 'epoch', epoch, 'change', last[2] or 0, 'forgotten', 0)
            keep()
        end
        local function changed(agent)
            local number = redis.call('HINCRBY', state, 'change', 1)
            redis.call('ZADD', changes, number, agent)
        end
        local function tell()
            redis.call('PUBLISH', ARGV[2], epoch)
        end
        local function count(agent)
            return redis.call('ZLEXCOUNT', index, '[' .. agent .. '/', '(' .. agent .. '0')
        end

        """

    /// ARGV from 7: agent, instance, owner, owner and definition, value, time to live, most instances, most of one agent.
    static let put = RedisScript(
        name: "agents.put",
        text: opening + """
            local agent, member, owner, record, value = ARGV[7], ARGV[7] .. '/' .. ARGV[8], ARGV[9], ARGV[10], ARGV[11]
            local current = redis.call('HGET', agents, agent)
            if current and string.sub(current, 1, #owner) ~= owner then
                if count(agent) > 0 then return {'owned'} end
                local free = redis.call('ZSCORE', vacant, agent)
                if not free then
                    redis.call('ZADD', vacant, now + tonumber(ARGV[4]), agent)
                    keep()
                end
                if not free or tonumber(free) > now then return {'owned'} end
                current = false
            end
            local known = redis.call('HGET', instances, member)
            if not known then
                if living >= tonumber(ARGV[13]) then
                    return {'full', 'the directory holds ' .. ARGV[13] .. ' instances already'}
                end
                if count(agent) >= tonumber(ARGV[14]) then
                    return {'full', "agent '" .. agent .. "' has " .. ARGV[14] .. ' instances already'}
                end
                if not current and redis.call('HLEN', agents) >= tonumber(ARGV[6]) then
                    return {'full', 'the directory holds ' .. ARGV[6] .. ' agents already'}
                end
            end
            redis.call('ZADD', expiry, now + tonumber(ARGV[12]), member)
            if known == value and current == record then
                if redis.call('PTTL', state) < ARGV[3] / 2 then keep() end
                return {'renewed'}
            end
            redis.call('HSET', agents, agent, record)
            redis.call('HSET', instances, member, value)
            redis.call('ZADD', index, 0, member)
            redis.call('ZREM', vacant, agent)
            changed(agent)
            tell()
            keep()
            return {'registered'}
            """)

    /// ARGV from 7: agent, instance, owner.
    static let remove = RedisScript(
        name: "agents.remove",
        text: opening + """
            local agent, member, owner = ARGV[7], ARGV[7] .. '/' .. ARGV[8], ARGV[9]
            local current = redis.call('HGET', agents, agent)
            if not current then return {'unknown'} end
            if string.sub(current, 1, #owner) ~= owner then return {'owned'} end
            if redis.call('ZREM', index, member) == 0 then return {'unknown'} end
            redis.call('ZREM', expiry, member)
            redis.call('HDEL', instances, member)
            if count(agent) == 0 then redis.call('ZADD', vacant, now + tonumber(ARGV[4]), agent) end
            changed(agent)
            tell()
            keep()
            return {'removed'}
            """)

    /// ARGV from 7: epoch, change, is it a complete reading, is it time to sweep, most agents of a page, most instances,
    /// most bytes, most instances of one agent, most bytes of a record.
    ///
    /// The sweep is bounded: what is left over is taken at the next one.
    static let pull = RedisScript(
        name: "agents.pull",
        text: opening + """
            if ARGV[10] == '1' then
                local longest = now + tonumber(ARGV[5])
                for _, member in ipairs(redis.call('ZRANGEBYSCORE', expiry, '(' .. longest, '+inf', 'LIMIT', 0, 100)) do
                    redis.call('ZADD', expiry, longest, member)
                end
                local touched = {}
                for _, member in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 500)) do
                    redis.call('ZREM', index, member)
                    redis.call('ZREM', expiry, member)
                    redis.call('HDEL', instances, member)
                    touched[string.match(member, '^[^/]*')] = true
                end
                for agent in pairs(touched) do
                    if count(agent) == 0 then redis.call('ZADD', vacant, now + tonumber(ARGV[4]), agent) end
                    changed(agent)
                end
                if next(touched) then tell() end
                for _, agent in ipairs(redis.call('ZRANGEBYSCORE', vacant, '-inf', now, 'LIMIT', 0, 100)) do
                    redis.call('ZREM', vacant, agent)
                    if count(agent) == 0 then
                        local last = tonumber(redis.call('ZSCORE', changes, agent) or 0)
                        if last > tonumber(redis.call('HGET', state, 'forgotten') or 0) then
                            redis.call('HSET', state, 'forgotten', last)
                        end
                        redis.call('ZREM', changes, agent)
                        redis.call('HDEL', agents, agent)
                    end
                end
            end
            local from, loading = tonumber(ARGV[8]), ARGV[9] == '1'
            local latest = tonumber(redis.call('HGET', state, 'change') or 0)
            local forgotten = tonumber(redis.call('HGET', state, 'forgotten') or 0)
            local restart = ARGV[7] ~= epoch or from > latest or (not loading and from < forgotten)
            if restart then from = 0 end
            local names = redis.call(
                'ZRANGEBYSCORE', changes, '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[11])
            local page = {}
            local taken, bytes, last = 0, 0, from
            local i = 1
            while i < #names and taken < tonumber(ARGV[12]) and bytes < tonumber(ARGV[13]) do
                local agent = names[i]
                last = tonumber(names[i + 1])
                local record = redis.call('HGET', agents, agent) or ''
                if #record > tonumber(ARGV[15]) then record = '' end
                local members = redis.call(
                    'ZRANGEBYLEX', index, '[' .. agent .. '/', '(' .. agent .. '0', 'LIMIT', 0, ARGV[14])
                page[#page + 1] = agent
                page[#page + 1] = record
                page[#page + 1] = #members
                bytes = bytes + #record
                if #members == 0 then
                    redis.call('ZADD', vacant, 'NX', now + tonumber(ARGV[4]), agent)
                    page[#page + 1] = math.max(0, tonumber(redis.call('ZSCORE', vacant, agent) or now) - now)
                else
                    for j, value in ipairs(redis.call('HMGET', instances, unpack(members))) do
                        if not value or #value > 1024 then value = '' end
                        page[#page + 1] = string.sub(members[j], #agent + 2)
                        page[#page + 1] = value
                        bytes = bytes + #value
                    end
                end
                taken = taken + 1 + #members
                i = i + 2
            end
            local more = i < #names or #names == 2 * tonumber(ARGV[11])
            if not more then last = latest end
            local due = redis.call('ZRANGE', expiry, 0, 0, 'WITHSCORES')
            local wait = due[2] and math.max(0, tonumber(due[2]) - now) or -1
            if redis.call('PTTL', state) < ARGV[3] / 2 or redis.call('PTTL', vacant) == -1 then keep() end
            return {epoch, last, more and 1 or 0, restart and 1 or 0, wait, page}
            """)
}
