/// The scripts of a shared key set; each touches the keys of one issuer, which are in one slot.
enum RedisKeySetScripts {
    /// Looks at the copy: nothing, the known one, another one, or something that no node writes.
    ///
    /// A value that is too large or of another type is named by a label as well, so that it is met once and not again.
    private static let lookAtCopy = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function other(key, known, most, labelMost)
            local type = redis.call('TYPE', key).ok
            if type == 'none' then return nil end
            if type ~= 'string' then
                local label = 'a ' .. type
                if label == known then return nil end
                return {now, 'unusable', label, 'it is of the type ' .. type}
            end
            local length = redis.call('STRLEN', key)
            if length > most then
                local label = length .. ' bytes'
                if label == known then return nil end
                return {now, 'unusable', label, 'it has ' .. length .. ' bytes'}
            end
            local label = string.match(redis.call('GETRANGE', key, 0, labelMost - 1), '^[^\\n]*')
            if label == known then return nil end
            return {now, 'copy', redis.call('GET', key)}
        end

        """

    /// KEYS: copy · ARGV: known label, most bytes of a copy, of a label.
    static let look = RedisScript(
        name: "jwks.look",
        text: lookAtCopy + """
            return other(KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])) or false
            """)

    /// KEYS: copy, lock, wish, failure · ARGV: token, known label, lock ms, wish ms, failure ms, most bytes of a copy, of
    /// a label, is it for an unknown key id, are copies read, is another's failure ignored.
    ///
    /// A mark that lives longer than any node lets it is nobody's and gives way: it could hold the keys back for ever.
    static let ask = RedisScript(
        name: "jwks.ask",
        text: lookAtCopy + """
            if ARGV[9] == '1' then
                local found = other(KEYS[1], ARGV[2], tonumber(ARGV[6]), tonumber(ARGV[7]))
                if found then return found end
            end
            local function marked(key, most)
                local left = redis.call('PTTL', key)
                if left == -2 then return false end
                if left >= 0 and left <= 2 * tonumber(most) then return true end
                redis.call('DEL', key)
                return false
            end
            if marked(KEYS[2], ARGV[3]) then return {now, 'held'} end
            if ARGV[8] == '1' and ARGV[9] == '1' and marked(KEYS[3], ARGV[4]) then return {now, 'soon'} end
            if ARGV[10] ~= '1' and marked(KEYS[4], ARGV[5]) then
                if redis.call('TYPE', KEYS[4]).ok == 'string' then
                    return {now, 'failed', redis.call('GETRANGE', KEYS[4], 0, 255)}
                end
                redis.call('DEL', KEYS[4])
            end
            redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
            if ARGV[8] == '1' then redis.call('SET', KEYS[3], '1', 'PX', ARGV[4]) end
            return {now, 'fetch'}
            """)

    /// KEYS: copy, lock, failure · ARGV: token, value, time to live, channel, message.
    static let store = RedisScript(
        name: "jwks.store",
        text: """
            if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            redis.call('DEL', KEYS[2], KEYS[3])
            redis.call('PUBLISH', ARGV[4], ARGV[5])
            return 1
            """)

    /// KEYS: lock, failure · ARGV: token, failure or nothing, failure ms.
    static let giveUp = RedisScript(
        name: "jwks.give-up",
        text: """
            if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('DEL', KEYS[1])
            if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
            return 1
            """)
}
