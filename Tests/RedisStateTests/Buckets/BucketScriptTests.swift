import GatewayTesting
import RateLimiting
import RedisFixtures
import Testing

@testable import RedisState

@Suite("The bucket function in Redis", .serialized)
struct BucketScriptTests {
    /// The script with its clock in the hands of the test: the last argument instead of `TIME`, and no expiry, which would follow
    /// another clock.
    private static let clocked = RedisScript(
        name: "clocked",
        text: BucketScript.script.text
            .replacing("local time = redis.call('TIME')\n", with: "")
            .replacing("local now = time[1] * 1000000 + time[2]", with: "local now = ARGV[#ARGV] + 0")
            .replacing(", 'PX', math.floor(full / 1000) + 1", with: ""))

    private static func run(
        _ test: TestClient, _ keys: [String], _ asks: [BucketAsk], nowMicroseconds: Int64
    ) async -> [BucketGrant]? {
        var arguments: [[UInt8]] = []
        for ask in asks {
            for number in [
                ask.capacityTokens, ask.ratePerMinute,
                ask.wantedTokens < 0 ? Int(ask.takenAtMicroseconds) : ask.minimumTokens, ask.wantedTokens,
                ask.wantedTokens < 0 ? Int(nowMicroseconds) : ask.isCharge ? 2 : ask.isShadow ? 1 : 0,
            ] { arguments.append(Array("\(number)".utf8)) }
        }
        arguments.append(Array("\(nowMicroseconds)".utf8))
        let reply = await test.client.run(
            clocked, keys: keys.map { Array($0.utf8) }, arguments: arguments, timeoutMilliseconds: 5_000)
        guard case .success(let value) = reply else {
            Issue.record("\(reply)")
            return nil
        }
        guard case .decided(let grants, let now) = BucketScript.outcome(value, count: keys.count) else { return nil }
        #expect(now == nowMicroseconds)
        return grants
    }

    @Test("B16 decides as TokenBucket does, for 10,000 seeded steps over limits small and large")
    func differential() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let limits = [(10, 60), (1_000, 1_000), (1, 1), (600_000, 600_000), (7, 100_000_000), (100_000_000, 3)]
            .map { RateLimit(name: "l", capacityTokens: $0.0, ratePerMinute: $0.1) }
        var model = limits.map { TokenBucket(full: $0, nowNanoseconds: 0) }
        var now: Int64 = 1_800_000_000_000_000
        for step in 0..<10_000 {
            now += [0, 1, 7, 999, 60_000, 1_000_003, 61_000_000].randomElement(using: &random) ?? 0
            let index = Int.random(in: limits.indices, using: &random)
            let limit = limits[index]
            let minimum = Int.random(in: 0...min(3, limit.capacityTokens), using: &random)
            let wanted = max(
                minimum,
                Int.random(in: 0...limit.capacityTokens, using: &random) >> Int.random(in: 0...20, using: &random))
            model[index] = model[index].refilled(for: limit, nowNanoseconds: now * 1_000)
            if Int.random(in: 0..<8, using: &random) == 0 {
                // Up to three bursts: the bucket owes then, and a step that takes finds it so.
                let charged = Int.random(in: 1...3 * limit.capacityTokens, using: &random)
                var charge = BucketAsk(
                    name: BucketName(limit: "l", fields: []), capacityTokens: limit.capacityTokens,
                    ratePerMinute: limit.ratePerMinute, minimumTokens: 0, wantedTokens: charged)
                charge.isCharge = true
                model[index].charge(charged, limit: limit)
                let grants = await Self.run(test, ["bucket-\(index)"], [charge], nowMicroseconds: now)
                #expect(grants?.first?.grantedTokens == charged, "seed \(seed), step \(step)")
                #expect(grants?.first?.remainingTokens == model[index].wholeTokens, "seed \(seed), step \(step)")
            }
            let granted = model[index].holds(minimum) ? min(wanted, model[index].wholeTokens) : 0
            let wait = model[index].nanosecondsUntilHolding(minimum, limit: limit, nowNanoseconds: now * 1_000)
            model[index].spend(granted)
            let expected = BucketGrant(
                grantedTokens: granted, remainingTokens: model[index].wholeTokens,
                fullAfterMicroseconds: (model[index].nanosecondsUntilFull(limit: limit, nowNanoseconds: now * 1_000)
                    + 999) / 1_000,
                waitMicroseconds: (wait + 999) / 1_000)
            let ask = BucketAsk(
                name: BucketName(limit: "l", fields: []),
                capacityTokens: limit.capacityTokens, ratePerMinute: limit.ratePerMinute, minimumTokens: minimum,
                wantedTokens: wanted)
            let grants = await Self.run(test, ["bucket-\(index)"], [ask], nowMicroseconds: now)
            guard grants.map({ $0.map(\.asOld) }) == [expected] else {
                Issue.record(
                    "seed \(seed), step \(step), limit \(limit), min \(minimum), want \(wanted): \(String(describing: grants)) instead of \(expected)"
                )
                break
            }
        }
        await test.close()
    }

    @Test("takes every minimum of a call or nothing; a shadow refuses nobody")
    func together() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let two = BucketAsk(
            name: BucketName(limit: "l", fields: []), capacityTokens: 2, ratePerMinute: 2, minimumTokens: 1,
            wantedTokens: 1)
        let one = BucketAsk(
            name: BucketName(limit: "l", fields: []), capacityTokens: 1, ratePerMinute: 1, minimumTokens: 1,
            wantedTokens: 1)
        var now: Int64 = 1_800_000_000_000_000
        let first = await Self.run(test, ["a", "b"], [two, one], nowMicroseconds: now)
        #expect(first?.map(\.grantedTokens) == [1, 1])
        let second = await Self.run(test, ["a", "b"], [two, one], nowMicroseconds: now)
        #expect(second?.map(\.grantedTokens) == [0, 0])
        #expect(second?.map(\.remainingTokens) == [1, 0] && second?[1].waitMicroseconds == 60_000_000)
        var shadow = one
        shadow.isShadow = true
        let third = await Self.run(test, ["a", "b"], [two, shadow], nowMicroseconds: now)
        #expect(third?.map(\.grantedTokens) == [1, 0])
        now += 60_000_000
        #expect(await Self.run(test, ["a", "b"], [two, one], nowMicroseconds: now)?.map(\.grantedTokens) == [1, 1])
        await test.close()
    }

    @Test("what is given back can be taken again, and never more than the burst")
    func givingBack() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let now: Int64 = 1_800_000_000_000_000
        func ask(_ minimum: Int, _ wanted: Int) -> BucketAsk {
            BucketAsk(
                name: BucketName(limit: "l", fields: []), capacityTokens: 10, ratePerMinute: 1, minimumTokens: minimum,
                wantedTokens: wanted)
        }
        #expect(await Self.run(test, ["a"], [ask(1, 20)], nowMicroseconds: now)?.first?.grantedTokens == 10)
        #expect(await Self.run(test, ["a"], [ask(0, -4)], nowMicroseconds: now)?.first?.remainingTokens == 4)
        #expect(await Self.run(test, ["a"], [ask(0, -40)], nowMicroseconds: now)?.first?.remainingTokens == 10)
        #expect(await test.client.send(RedisCommand("EXISTS", "a")) == .success(.integer(0)))
        await test.close()
    }

    @Test("what comes back with the time at which it was taken is less by what the bucket gained since")
    func givingBackWithAge() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let start: Int64 = 1_800_000_000_000_000
        func level(_ rate: Int, _ wanted: Int, takenAt: Int64 = 0, at now: Int64) async -> Int? {
            var ask = BucketAsk(
                name: BucketName(limit: "l", fields: []), capacityTokens: 10, ratePerMinute: rate, minimumTokens: 0,
                wantedTokens: wanted)
            ask.takenAtMicroseconds = takenAt
            return await Self.run(test, ["at-\(rate)"], [ask], nowMicroseconds: now)?.first?.remainingTokens
        }
        // One a millisecond: five are out, the bucket fills up meanwhile and is emptied; what comes back then would be beyond the
        // burst.
        #expect(await level(60_000, 5, at: start) == 5)
        #expect(await level(60_000, 10, at: start + 5_000) == 0)
        #expect(await level(60_000, -5, takenAt: start, at: start + 5_000) == 0)
        // Half of it gained meanwhile: half of it comes back.
        #expect(await level(60_000, 5, at: start + 10_000) == 0)
        #expect(await level(60_000, 2, at: start + 12_000) == 0)
        #expect(await level(60_000, -5, takenAt: start + 10_000, at: start + 12_000) == 3)
        // One a second: a millisecond out costs a thousandth, which the bucket has gained, and no whole token.
        #expect(await level(60, 1, at: start) == 9)
        #expect(await level(60, -1, takenAt: start, at: start + 1_000) == 10)
        // A clock that went back, as after a failover, gives no more than was taken.
        #expect(await level(60, 3, at: start + 2_000) == 7)
        #expect(await level(60, -2, takenAt: start + 90_000_000, at: start + 2_000) == 9)
        await test.close()
    }

    @Test("a value that is none of ours empties the bucket and is replaced; a clock that went back gives nothing away")
    func poison() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let ask = BucketAsk(
            name: BucketName(limit: "l", fields: []), capacityTokens: 60, ratePerMinute: 60, minimumTokens: 1,
            wantedTokens: 1)
        var now: Int64 = 1_800_000_000_000_000
        _ = await test.client.send(RedisCommand("RPUSH", "list", "x"))
        _ = await test.client.send(RedisCommand("SET", "text", "not sixteen bytes"))
        _ = await test.client.send(
            RedisCommand([Array("SET".utf8), Array("nan".utf8), Array(repeating: 0xff, count: 16)]))
        for key in ["list", "text", "nan"] {
            let first = await Self.run(test, [key], [ask], nowMicroseconds: now)?.first
            #expect(first?.grantedTokens == 0 && first?.waitMicroseconds == 1_000_000, "\(key)")
            let early = await Self.run(test, [key], [ask], nowMicroseconds: now + 999_999)?.first
            #expect(early?.grantedTokens == 0, "\(key)")
            let due = await Self.run(test, [key], [ask], nowMicroseconds: now + 1_000_000)?.first
            #expect(due?.grantedTokens == 1, "\(key)")
        }
        #expect(await Self.run(test, ["clock"], [ask], nowMicroseconds: now)?.first?.remainingTokens == 59)
        now -= 3_600_000_000
        #expect(await Self.run(test, ["clock"], [ask], nowMicroseconds: now)?.first?.remainingTokens == 58)
        now += 1_000_000
        #expect(await Self.run(test, ["clock"], [ask], nowMicroseconds: now)?.first?.remainingTokens == 58)
        await test.close()
    }
}

extension BucketGrant {
    /// The same grant of a bucket that was there already.
    fileprivate var asOld: BucketGrant {
        var grant = self
        grant.isNew = false
        return grant
    }
}
