import Crypto
package import RateLimiting

/// Token buckets in Redis, asked for by one event loop.
///
/// Where all keys of a call live on one server, the call is one script. In a cluster its keys may live in several slots: then one
/// script a slot, the first slot before the others, and what was taken is given back when one of them refuses.
package struct RedisBucketAuthority: BucketAuthority {
    /// Names longer than this are stored as their SHA-256.
    static let nameBytesMax = 512

    private let client: RedisClient
    private let prefix: [UInt8]
    private let budgetMilliseconds: Int64

    /// Makes an authority.
    ///
    /// - Parameters:
    ///   - keyPrefix: what every key begins with; gateways that share it share buckets.
    ///   - budgetMilliseconds: how long a request waits for the answer.
    package init(client: RedisClient, keyPrefix: String, budgetMilliseconds: Int64) {
        self.client = client
        prefix = Array((keyPrefix + "bucket:").utf8)
        self.budgetMilliseconds = budgetMilliseconds
    }

    /// The scripts that connections make known at their start.
    package static var scripts: [RedisScript] { [BucketScript.script] }

    package func take(_ asks: [BucketAsk]) async -> AuthorityOutcome {
        let keys = asks.map { key($0.name) }
        guard client.isCluster, asks.count > 1 else { return await run(keys, asks) }
        let slots = keys.map { SlotHash.slot(of: $0) }
        guard slots.contains(where: { $0 != slots[0] }) else { return await run(keys, asks) }
        return await takeAcrossSlots(keys, asks, slots)
    }

    /// Whether every master decides, asked as a request asks: a Redis that answers PING may still take no writes, or none of ours.
    package func probe() async -> Bool {
        let ask = BucketAsk(
            name: BucketName(limit: "", fields: []), capacityTokens: 1_000, ratePerMinute: 60_000_000,
            minimumTokens: 1, wantedTokens: 1)
        let keys = await probeKeys()
        guard !keys.isEmpty else { return false }
        return await withTaskGroup(of: Bool.self) { tasks in
            for key in keys {
                tasks.addTask { if case .decided = await run([key], [ask]) { true } else { false } }
            }
            return await tasks.reduce(true) { $0 && $1 }
        }
    }

    /// A key for each master; no bucket is called that, for names begin with a number, and it is gone in a millisecond.
    private func probeKeys() async -> [[UInt8]] {
        guard client.isCluster else { return [key(tag: 0, Array("probe".utf8))] }
        let map = await client.slotMap()
        var missing = Set(map.masters)
        var keys: [[UInt8]] = []
        for tag in 0...UInt16.max where !missing.isEmpty {
            let key = key(tag: tag, Array("probe".utf8))
            guard let master = map.master(of: SlotHash.slot(of: key)) else { continue }
            if missing.remove(master) != nil { keys.append(key) }
        }
        return keys
    }

    /// `intentusnet:bucket:{1a2b}6:tenant4:acme`: the hash tag is ours, whatever braces the fields hold.
    func key(_ name: BucketName) -> [UInt8] {
        let bytes =
            name.bytes.count <= Self.nameBytesMax ? name.bytes : Self.hex(SHA256.hash(data: name.bytes))
        return key(tag: UInt16(SlotHash.slot(of: bytes)), bytes)
    }

    private func key(tag: UInt16, _ bytes: [UInt8]) -> [UInt8] {
        var key = prefix
        key.reserveCapacity(prefix.count + bytes.count + 6)
        key.append(UInt8(ascii: "{"))
        key.append(contentsOf: Self.hex([UInt8(tag >> 8), UInt8(truncatingIfNeeded: tag)]))
        key.append(UInt8(ascii: "}"))
        key.append(contentsOf: bytes)
        return key
    }

    private func run(
        _ keys: [[UInt8]], _ asks: [BucketAsk], withinMilliseconds: Int64? = nil
    ) async -> AuthorityOutcome {
        let reply = await client.run(
            BucketScript.script, BucketScript.words(keys, asks), key: keys.first,
            timeoutMilliseconds: withinMilliseconds ?? budgetMilliseconds)
        switch reply {
        case .success(let value):
            return BucketScript.outcome(value, count: asks.count) ?? .unavailable("Redis gave an answer that is none")
        case .failure(let failure): return .unavailable(failure.description)
        }
    }

    // MARK: several slots

    /// Takes of the first slot and looks at the others, then takes of all the others: two round trips, however many slots.
    ///
    /// The first slot is the same for all nodes, because of tokens that are out for a call which another slot then refuses: taken
    /// everywhere at once, two calls could each hold the last token of one bucket and refuse the other, and nobody would be admitted.
    /// The look costs no round trip, tells the level of every bucket, and leaves little for a later slot to refuse.
    private func takeAcrossSlots(
        _ keys: [[UInt8]], _ asks: [BucketAsk], _ slots: [Int]
    ) async -> AuthorityOutcome {
        let deadline = RedisConnection.now() + budgetMilliseconds * 1_000_000
        let groups = Dictionary(grouping: asks.indices) { slots[$0] }.sorted { $0.key < $1.key }.map(\.value)
        let looks = asks.indices.map { groups[0].contains($0) ? asks[$0] : asks[$0].looking }
        var call = SlotCall(count: asks.count)
        for (places, outcome) in await runAll(groups, keys, looks, withinMilliseconds: budgetMilliseconds) {
            call.note(outcome, places, asks, isTaken: places == groups[0])
        }
        let left = (deadline - RedisConnection.now()) / 1_000_000
        if !call.isOver {
            if left > 0 {
                let rest = Array(groups.dropFirst())
                for (places, outcome) in await runAll(rest, keys, asks, withinMilliseconds: left) {
                    call.note(outcome, places, asks, isTaken: true)
                }
            } else {
                call.failure = RedisFailure.timedOut.description
            }
        }
        guard call.isOver else { return .decided(call.grants, atMicroseconds: call.earliestMicroseconds) }
        giveBack(&call.grants, keys, asks, call.takenAt)
        guard call.withheld.isEmpty || call.failure != nil else { return .withheld(call.withheld.sorted()) }
        if let failure = call.failure { return .unavailable(failure) }
        return .decided(call.grants, atMicroseconds: call.earliestMicroseconds)
    }

    /// One script for each slot, all at the same time.
    private func runAll(
        _ groups: [[Int]], _ keys: [[UInt8]], _ asks: [BucketAsk], withinMilliseconds: Int64
    ) async -> [([Int], AuthorityOutcome)] {
        await withTaskGroup(of: ([Int], AuthorityOutcome).self) { tasks in
            for places in groups {
                tasks.addTask {
                    let (keys, asks) = (places.map { keys[$0] }, places.map { asks[$0] })
                    return (places, await run(keys, asks, withinMilliseconds: withinMilliseconds))
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
    }

    /// What the slots of a call have said so far.
    private struct SlotCall {
        var grants: [BucketGrant]
        var takenAt: [Int64]
        /// Each server has its own clock; the earliest time makes a lease shortest.
        var earliestMicroseconds: Int64 = 0
        var failure: String?
        /// Asks whose buckets are new and were not to be made.
        var withheld: [Int] = []
        private var isRefused = false

        /// Whether nothing more is to be taken.
        var isOver: Bool { isRefused || failure != nil || !withheld.isEmpty }

        init(count: Int) {
            grants = Array(
                repeating: BucketGrant(
                    grantedTokens: 0, remainingTokens: 0, fullAfterMicroseconds: 0, waitMicroseconds: 0),
                count: count)
            takenAt = Array(repeating: 0, count: count)
        }

        mutating func note(_ outcome: AuthorityOutcome, _ places: [Int], _ asks: [BucketAsk], isTaken: Bool) {
            switch outcome {
            case .unavailable(let reason): failure = reason
            case .withheld(let found): withheld += found.map { places[$0] }
            case .decided(let decided, let time):
                for (place, grant) in zip(places, decided) {
                    grants[place] = grant
                    takenAt[place] = time
                    isRefused = isRefused || !asks[place].isShadow && grant.waitMicroseconds > 0
                }
                guard isTaken else { return }
                earliestMicroseconds = earliestMicroseconds == 0 ? time : min(earliestMicroseconds, time)
            }
        }
    }

    /// Undoes what one slot granted and another did not; what cannot be given back is refilled in time, and was never used.
    ///
    /// It comes back less what the bucket gained meanwhile, or a bucket that filled up while tokens were out would then hold more
    /// than its burst.
    private func giveBack(
        _ grants: inout [BucketGrant], _ keys: [[UInt8]], _ asks: [BucketAsk], _ takenAt: [Int64]
    ) {
        let taken = asks.indices.filter { grants[$0].grantedTokens > 0 }
        for place in taken {
            grants[place].remainingTokens += grants[place].grantedTokens
            var ask = asks[place]
            ask.wantedTokens = -grants[place].grantedTokens
            ask.takenAtMicroseconds = takenAt[place]
            ask.returnsUntilMicroseconds = .max / 2_048  // its worth falls with its age; nothing else makes it too late
            grants[place].grantedTokens = 0
            let key = keys[place]
            // Nobody waits for it: the refusal is decided.
            Task { _ = await run([key], [ask]) }
        }
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}

extension BucketAsk {
    /// The same question, and nothing is taken.
    fileprivate var looking: BucketAsk {
        var ask = self
        ask.wantedTokens = 0
        return ask
    }
}

extension RedisSettings {
    /// How nodes take tokens ahead of use from a Redis of this form.
    package var leaseRules: LeaseRules {
        switch topology {
        case .standalone, .sentinel: LeaseRules()
        case .cluster: .acrossServers
        }
    }
}
