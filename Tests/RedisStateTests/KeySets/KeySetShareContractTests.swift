import Identity
import RedisFixtures
import Testing

@testable import RedisState

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func question(_ token: String, _ reason: KeySetFetchReason = .scheduled, known: [UInt8] = []) -> KeySetQuestion
{
    KeySetQuestion(token: bytes(token), reason: reason, knownLabel: known)
}

var shortKeySetTiming: SharedKeySetTiming {
    var timing = SharedKeySetTiming()
    timing.lockMilliseconds = 300
    timing.failureMilliseconds = 200
    timing.unknownKeyIntervalMilliseconds = 400
    return timing
}

/// What every share of key sets keeps, whatever it stands on.
func keepsKeySetContract(
    _ share: any KeySetShare, passing: @Sendable (_ milliseconds: Int64) async -> Void
) async throws {
    func ask(_ question: KeySetQuestion) async throws -> KeySetAnswer.Outcome {
        try await share.ask(question).get().outcome
    }
    // One holds the lock; only it may give it back.
    #expect(try await ask(question("a")) == .mayFetch)
    #expect(try await ask(question("b")) == .held)
    try await share.giveUp(token: bytes("b"), failure: "not mine").get()
    #expect(try await ask(question("b")) == .held)
    #expect(try await share.store(bytes("stolen"), token: bytes("b"), timeToLiveMilliseconds: 60_000).get() == false)
    // A holder that died is waited for until its lock expires, and then is no holder any more.
    await passing(350)
    #expect(try await ask(question("b")) == .mayFetch)
    #expect(try await share.store(bytes("late"), token: bytes("a"), timeToLiveMilliseconds: 60_000).get() == false)
    #expect(try await share.store(bytes("one\nkeys"), token: bytes("b"), timeToLiveMilliseconds: 60_000).get())
    // The copy is told to those who do not know it.
    #expect(try await ask(question("c")) == .copy(bytes("one\nkeys")))
    #expect(try await share.newerCopy(knownLabel: []).get()?.outcome == .copy(bytes("one\nkeys")))
    #expect(try await share.newerCopy(knownLabel: bytes("one")).get() == nil)
    #expect(try await ask(question("c", known: bytes("one"))) == .mayFetch)
    // A failure is known to the others for a moment.
    try await share.giveUp(token: bytes("c"), failure: "down").get()
    #expect(try await ask(question("d", known: bytes("one"))) == .failedElsewhere("down"))
    var stubborn = question("d", known: bytes("one"))
    stubborn.ignoresFailure = true
    #expect(try await ask(stubborn) == .mayFetch)
    try await share.giveUp(token: bytes("d"), failure: nil).get()
    await passing(250)
    // Unknown key ids cause one fetch in a while.
    #expect(try await ask(question("e", .unknownKey, known: bytes("one"))) == .mayFetch)
    #expect(try await ask(question("f", .unknownKey, known: bytes("one"))) == .held)
    try await share.giveUp(token: bytes("e"), failure: nil).get()
    #expect(try await ask(question("f", .unknownKey, known: bytes("one"))) == .tooSoon)
    #expect(try await ask(question("g", .reload, known: bytes("one"))) == .mayFetch)
    try await share.giveUp(token: bytes("g"), failure: nil).get()
    await passing(450)
    #expect(try await ask(question("f", .unknownKey, known: bytes("one"))) == .mayFetch)
    try await share.giveUp(token: bytes("f"), failure: nil).get()
    // Who does not trust copies gets the lock and nothing else.
    var lockOnly = question("h")
    lockOnly.readsCopies = false
    #expect(try await ask(lockOnly) == .mayFetch)
    #expect(try await ask(lockOnly) == .held)
}

@Suite("Share of a key set", .timeLimit(.minutes(1)))
struct KeySetShareContractTests {
    @Test("in memory one node fetches for all")
    func memory() async throws {
        let clock = TestClock()
        try await keepsKeySetContract(MemoryKeySetShare(clock: clock, timing: shortKeySetTiming)) {
            clock.advance(milliseconds: $0)
        }
    }

    @Test(
        "in a real Redis one node fetches for all, and every key leaves by itself",
        .enabled(if: RedisServer.isInstalled), arguments: RedisForm.allCases)
    func redis(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let share = RedisKeySetShare(
            issuer: "https://issuer", url: "https://issuer/keys", commands: under.commands, names: under.names,
            timing: shortKeySetTiming)
        try await keepsKeySetContract(share) { try? await Task.sleep(for: .milliseconds($0)) }
        let keys = try under.keys()
        #expect(!keys.isEmpty)
        for (name, life) in keys {
            #expect(name.hasPrefix("\(under.prefix){\(share.id)}:jwks"))
            #expect(life > 0, "\(name)")
        }
        await under.close()
    }

    @Test(
        "what no node writes is named and gives way: other types, sizes, and marks without an end",
        .enabled(if: RedisServer.isInstalled))
    func poisoned() async throws {
        let server = try RedisServer.started()
        let redis = try SocketRedis(port: server.port)
        let share = RedisKeySetShare(
            issuer: "i", url: "u", commands: redis, names: KeyNames(prefix: "other:"), timing: SharedKeySetTiming())
        let key = "other:{\(share.id)}:jwks"
        try redis.roundTrip(["LPUSH", key, "rubbish"])
        guard case .unusable(let label, let reason) = try await share.ask(question("a")).get().outcome else {
            Issue.record("a list was taken")
            return
        }
        #expect(reason == "it is of the type list")
        for name in ["-lock", "-failure", "-wish"] { try redis.roundTrip(["HSET", key + name, "a", "b"]) }
        #expect(try await share.ask(question("a", .unknownKey, known: label)).get().outcome == .mayFetch)
        #expect(try await share.store(bytes("x\ny"), token: bytes("a"), timeToLiveMilliseconds: 60_000).get())
        #expect(try redis.roundTrip(["GET", key]).bytes == bytes("x\ny"))
        // A lock for ever, and a failure for ever.
        try redis.roundTrip(["SET", key + "-lock", "mine"])
        try redis.roundTrip(["SET", key + "-failure", "mine", "PX", "999999999"])
        #expect(try await share.ask(question("b", known: bytes("x"))).get().outcome == .mayFetch)
        // A lock of another type that lives no longer than a lock may.
        try redis.roundTrip(["DEL", key + "-lock"])
        try redis.roundTrip(["HSET", key + "-lock", "a", "b"])
        try redis.roundTrip(["PEXPIRE", key + "-lock", "5000"])
        #expect(try await share.ask(question("c", known: bytes("x"))).get().outcome == .held)
        try await share.giveUp(token: bytes("c"), failure: nil).get()
        try redis.roundTrip(["SET", key, String(repeating: "x", count: KeySetCopy.bytesMax + 1)])
        guard case .unusable(_, let size) = try await share.newerCopy(knownLabel: []).get()?.outcome else {
            Issue.record("an oversized value was taken")
            return
        }
        #expect(size == "it has \(KeySetCopy.bytesMax + 1) bytes")
    }
}
