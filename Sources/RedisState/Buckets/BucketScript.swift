import RateLimiting

/// The bucket function as Redis runs it: over all buckets of a call, in one step, on Redis' own clock.
///
/// It decides as `TokenBucket` does, in units of 1/60,000,000 token, because then one microsecond at a rate of R tokens a
/// minute brings exactly R units. A level of at most 10⁸ tokens is 6 × 10¹⁵ units, a debt of at most half of that (D) 3 × 10¹⁵: every
/// sum and product stays below 2⁵³, up to which Lua's numbers are exact.
enum BucketScript {
    /// Numbers of one bucket in the arguments.
    static let argumentsPerBucket = 5
    /// Numbers of one bucket in the reply, after the time.
    static let resultsPerBucket = 5
    /// Added to the last argument of a bucket that is not to be made where there is none.
    private static let knownOnly = 4

    static let script = RedisScript(
        name: "buckets",
        text: """
            local U = 60000000
            local D = 3000000000000000
            local time = redis.call('TIME')
            local now = time[1] * 1000000 + time[2]
            local function up(a, r)
              local q = math.floor(a / r)
              if q * r < a then q = q + 1 end
              return q
            end
            local buckets = {}
            local taken = true
            for i = 1, #KEYS do
              local at = i * 5 - 4
              local b = { cap = ARGV[at] * U, rate = ARGV[at + 1] + 0, min = ARGV[at + 2] * U,
                          want = ARGV[at + 3] + 0, flag = ARGV[at + 4] + 0 }
              if b.want < 0 then b.min, b.since = 0, ARGV[at + 2] + 0
              elseif b.flag >= 4 then b.flag, b.known = b.flag - 4, true end
              b.owes = b.want >= 0 and b.flag == 2
              b.level, b.seen = b.cap, now
              local stored = redis.pcall('GET', KEYS[i])
              if type(stored) == 'table' then
                redis.call('DEL', KEYS[i])
                b.level, b.reset = 0, true
              elseif stored then
                b.level, b.reset = 0, true
                if #stored == 16 then
                  local level, seen = struct.unpack('<dd', stored)
                  if level >= -D and seen >= 0 then
                    b.level, b.reset = math.min(level, b.cap), false
                    if seen > now and seen - now <= 1000000 then b.seen = seen end
                    local elapsed = now - seen
                    if elapsed > 0 then
                      if elapsed >= up(b.cap - b.level, b.rate) then b.level = b.cap
                      else b.level = b.level + elapsed * b.rate end
                    end
                  end
                end
              else
                b.made = 1
                if b.known then b.made, taken = 2, false end
              end
              b.holds = b.min <= 0 or b.level >= b.min
              if not b.holds and b.flag ~= 1 then taken = false end
              buckets[i] = b
            end
            local reply = { now }
            for i = 1, #KEYS do
              local b = buckets[i]
              local granted = 0
              local wait = 0
              if not b.holds then wait = up(b.min - b.level, b.rate) + b.seen - now end
              if b.want < 0 then
                if now <= b.flag then
                  granted = b.want
                  local back = -b.want * U
                  if b.since > 0 then back = math.max(0, back - math.max(0, now - b.since) * b.rate) end
                  b.level = math.min(b.cap, b.level + back)
                end
              elseif b.owes then
                granted = b.want
                b.level = math.max(b.level - granted * U, math.min(b.level, -math.min(b.cap, D)))
              elseif taken and b.holds then
                granted = math.max(0, math.min(b.want, math.floor(b.level / U)))
                b.level = b.level - granted * U
              end
              local full = 0
              if b.level < b.cap then full = up(b.cap - b.level, b.rate) + b.seen - now end
              local made = 0
              if b.made == 2 then made = 2 end
              if granted ~= 0 or b.reset then
                if full > 0 then
                  made = b.made or 0
                  redis.call('SET', KEYS[i], struct.pack('<dd', b.level, b.seen), 'PX', math.floor(full / 1000) + 1)
                else
                  redis.call('DEL', KEYS[i])
                end
              end
              reply[#reply + 1] = granted
              reply[#reply + 1] = math.max(0, math.floor(b.level / U))
              reply[#reply + 1] = full
              reply[#reply + 1] = wait
              reply[#reply + 1] = made
            end
            return reply
            """)

    /// The whole command, ready to be sent.
    static func words(_ keys: [[UInt8]], _ asks: [BucketAsk]) -> CommandWords {
        var words = CommandWords(
            wordCount: 3 + keys.count * (1 + argumentsPerBucket),
            byteCount: 96 + keys.reduce(0) { $0 + $1.count } + asks.count * 40)
        words.append("EVALSHA")
        words.append(script.digest)
        words.append(decimal: keys.count)
        for key in keys { words.append(key) }
        for ask in asks {
            words.append(decimal: ask.capacityTokens)
            words.append(decimal: ask.ratePerMinute)
            let isReturn = ask.wantedTokens < 0
            words.append(decimal: isReturn ? Int(ask.takenAtMicroseconds) : ask.minimumTokens)
            words.append(decimal: ask.wantedTokens)
            let flag = (ask.isCharge ? 2 : ask.isShadow ? 1 : 0) + (ask.isKnownOnly ? knownOnly : 0)
            words.append(decimal: isReturn ? Int(ask.returnsUntilMicroseconds) : flag)
        }
        return words
    }

    /// Reads the reply; nil when it is not one of this script.
    static func outcome(_ reply: RedisValue, count: Int) -> AuthorityOutcome? {
        guard case .array(let numbers) = reply, numbers.count == 1 + count * resultsPerBucket,
            case .integer(let now) = numbers[0]
        else { return nil }
        var grants: [BucketGrant] = []
        grants.reserveCapacity(count)
        var withheld: [Int] = []
        for index in 0..<count {
            let at = 1 + index * resultsPerBucket
            guard case .integer(let granted) = numbers[at], case .integer(let remaining) = numbers[at + 1],
                case .integer(let full) = numbers[at + 2], case .integer(let wait) = numbers[at + 3],
                case .integer(let made) = numbers[at + 4], remaining >= 0, full >= 0, wait >= 0,
                (0...2).contains(made)
            else { return nil }
            if made == 2 { withheld.append(index) }
            grants.append(
                BucketGrant(
                    grantedTokens: Int(granted), remainingTokens: Int(remaining), fullAfterMicroseconds: full,
                    waitMicroseconds: wait, isNew: made == 1))
        }
        guard withheld.isEmpty else { return .withheld(withheld) }
        return .decided(grants, atMicroseconds: now)
    }
}
