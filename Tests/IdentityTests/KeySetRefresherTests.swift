import Synchronization
import Testing

@testable import Identity

@Suite("Refresher of an issuer's keys", .timeLimit(.minutes(1)))
struct KeySetRefresherTests {
    private static let second: Int64 = 1_000_000_000

    /// One issuer with its refresher running on a manual clock.
    private final class Bench: Sendable {
        let issuer = TestIssuer.standard
        let clock = ManualClock()
        let server = FakeKeyServer()
        let verifier: TokenVerifier
        let refresher: KeySetRefresher

        init() {
            let clock = clock
            let box = EventBox()
            verifier = TokenVerifier(issuers: [issuer.policy], cacheEntries: 16)
            refresher = KeySetRefresher(
                issuer: 0, verifier: verifier, source: server,
                surroundings: KeySetRefresher.Surroundings(
                    nowNanoseconds: { clock.now }, sleep: { await clock.sleep($0) }, jitter: { 0 },
                    onEvent: { box.append($1) }))
            self.box = box
        }

        private let box: EventBox
        var seen: [KeySetEvent] { box.events.withLock { $0 } }

        func running(_ body: @Sendable (Bench) async throws -> Void) async rethrows {
            let task = Task { await refresher.run() }
            defer { task.cancel() }
            try await body(self)
        }
    }

    private final class EventBox: Sendable {
        let events = Mutex<[KeySetEvent]>([])
        func append(_ event: KeySetEvent) { events.withLock { $0.append(event) } }
    }

    @Test("a request that comes before the first keys waits for them")
    func firstKeys() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            async let waiting: Void = bench.refresher.awaitKeys(waitingMilliseconds: 2_000)
            await bench.clock.somethingSleeps(until: 2 * Self.second)
            bench.server.answer(bench.issuer.keySetBytes)
            await waiting
            #expect(bench.verifier.verified(bench.issuer.token()) != nil)
            let status = bench.refresher.status()
            #expect(status.availability == .ready)
            #expect(status.keyCount == 1)
            #expect(status.ageSeconds == 0)
            #expect(status.fetchesSucceeded == 1)
            #expect(status.fetchesFailed == 0)
        }
    }

    @Test("a request waits for a bounded time only")
    func boundedWait() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            async let waiting: Void = bench.refresher.awaitKeys(waitingMilliseconds: 2_000)
            await bench.clock.somethingSleeps(until: 2 * Self.second)
            bench.clock.move(to: 2 * Self.second)
            await waiting
            #expect(bench.server.count == 1)
            bench.server.fail()
        }
    }

    @Test("S8 an issuer that never answered is unavailable and nobody waits during the back-off")
    func unavailable() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            bench.server.fail()
            await bench.clock.somethingSleeps(until: Self.second / 2)
            await bench.refresher.awaitKeys(waitingMilliseconds: 2_000)
            let token = bench.issuer.token()[...]
            guard case .needsKeys(issuer: 0) = bench.verifier.verify(token, nowSeconds: TestIssuer.now) else {
                Issue.record("a token was decided without keys")
                return
            }
            let refusal = bench.verifier.refusalWithoutKeys(token, issuer: 0)
            #expect(refusal == .keysUnavailable(issuer: bench.issuer.name, retryAfterSeconds: 1))
            #expect(bench.refresher.status().availability == .unavailable)
            #expect(bench.refresher.status().lastFailure == .unreachable("down for the test"))
            #expect(bench.seen == [.failed(.unreachable("down for the test"))])
            bench.clock.move(to: Self.second / 2)
            await bench.server.fetchBegins(2)
            bench.server.answer(bench.issuer.keySetBytes)
            await bench.clock.somethingSleeps(until: Self.second / 2 + 255 * Self.second)
            #expect(bench.verifier.verified(bench.issuer.token()) != nil)
        }
    }

    @Test("B1 a rotated key is fetched once for all requests that meet it")
    func rotation() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            bench.server.answer(bench.issuer.keySetBytes)
            await bench.clock.somethingSleeps(until: 255 * Self.second)
            var rotated = bench.issuer
            rotated.keyID = "key-2"
            let token = rotated.token()
            guard case .needsKeys = bench.verifier.verify(token) else {
                Issue.record("an unknown kid must ask for keys")
                return
            }
            await withTaskGroup { group in
                for _ in 0..<50 { group.addTask { await bench.refresher.awaitKeys(waitingMilliseconds: 2_000) } }
                await bench.server.fetchBegins(2)
                bench.server.answer(rotated.keySetBytes)
                await group.waitForAll()
            }
            #expect(bench.server.count == 2)
            #expect(bench.verifier.verified(token) != nil)
            #expect(bench.verifier.verified(bench.issuer.token()) == nil)
        }
    }

    @Test("keys that another node fetched are taken without a fetch, and the next fetch waits for them")
    func adoption() async throws {
        try await Bench().running { bench in
            await bench.server.fetchBegins(1)
            bench.server.answer(bench.issuer.keySetBytes)
            await bench.clock.somethingSleeps(until: 255 * Self.second)
            bench.clock.move(to: 200 * Self.second)
            var rotated = bench.issuer
            rotated.keyID = "key-2"
            try bench.refresher.adopt(
                FetchedKeySet(bytes: rotated.keySetBytes, freshForSeconds: 300, ageMilliseconds: 10_000))
            await bench.clock.somethingSleeps(until: (190 + 255) * Self.second)
            #expect(bench.verifier.verified(rotated.token()) != nil)
            #expect(bench.refresher.status().ageSeconds == 10)
            #expect(bench.server.count == 1)
            #expect(throws: KeySetError.self) { try bench.refresher.adopt(FetchedKeySet(bytes: [])) }
            #expect(bench.verifier.verified(rotated.token()) != nil)
        }
    }

    @Test("B1 a copy from before the question does not say that a key is absent")
    func olderCopy() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            bench.server.answer(bench.issuer.keySetBytes)
            await bench.clock.somethingSleeps(until: 255 * Self.second)
            var rotated = bench.issuer
            rotated.keyID = "key-2"
            let token = rotated.token()
            guard case .needsKeys = bench.verifier.verify(token) else {
                Issue.record("an unknown kid must ask for keys")
                return
            }
            async let waiting: Void = bench.refresher.awaitKeys(waitingMilliseconds: 2_000)
            await bench.server.fetchBegins(2)
            bench.server.answer(bench.issuer.keySetBytes, ageMilliseconds: 4_000)
            await waiting
            guard case .needsKeys = bench.verifier.verify(token) else {
                Issue.record("the copy was taken for an answer")
                return
            }
        }
    }

    @Test(
        "B3 a bad key set keeps the good one before it",
        arguments: ["", "{}", "{\"keys\":[]}", "<html>", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"])
    func badKeySet(_ text: String) async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            bench.server.answer(bench.issuer.keySetBytes)
            await bench.clock.somethingSleeps(until: 255 * Self.second)
            async let reloaded = bench.refresher.reload(waitingMilliseconds: 2_000)
            await bench.server.fetchBegins(2)
            bench.server.answer(Array(text.utf8))
            let status = await reloaded
            #expect(status.fetchesFailed == 1)
            #expect(status.lastFailure != nil)
            #expect(status.keyCount == 1)
            #expect(bench.verifier.verified(bench.issuer.token()) != nil)
        }
    }

    @Test("keys that nobody could renew serve for a day and are then withdrawn, cached tokens included")
    func withdrawal() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            bench.server.answer(bench.issuer.keySetBytes)
            await bench.clock.somethingSleeps(until: 255 * Self.second)
            #expect(bench.verifier.verified(bench.issuer.token()) != nil)
            bench.clock.move(to: 86_399 * Self.second)
            await bench.server.fetchBegins(2)
            bench.server.fail()
            await bench.clock.somethingSleeps(until: 86_399 * Self.second + Self.second / 2)
            #expect(bench.refresher.status().availability == .stale)
            #expect(bench.verifier.verified(bench.issuer.token()) != nil)
            bench.clock.move(to: 86_400 * Self.second)
            await bench.server.fetchBegins(3)
            #expect(bench.refresher.status().availability == .unavailable)
            guard case .needsKeys = bench.verifier.verify(bench.issuer.token()) else {
                Issue.record("a token was decided by keys that are too old")
                return
            }
            #expect(bench.seen.last == .withdrawn)
            bench.server.fail()
        }
    }

    @Test("a reload during a fetch waits for a fetch that began after it")
    func reloadDuringFetch() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            async let status = bench.refresher.reload(waitingMilliseconds: 2_000)
            await bench.clock.somethingSleeps(until: 2 * Self.second)
            bench.server.fail()
            await bench.server.fetchBegins(2)
            bench.server.answer(bench.issuer.keySetBytes)
            #expect(await status.fetchesSucceeded == 1)
        }
    }

    @Test("S9 two tokens that wait while the fetch fails are both released")
    func twoWaitersAndAFailure() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            async let one: Void = bench.refresher.awaitKeys(waitingMilliseconds: 2_000)
            async let two: Void = bench.refresher.awaitKeys(waitingMilliseconds: 3_000)
            await bench.clock.somethingSleeps(until: 2 * Self.second)
            await bench.clock.somethingSleeps(until: 3 * Self.second)
            bench.server.fail()
            _ = await (one, two)
            #expect(bench.refresher.status().fetchesFailed == 1)
        }
    }

    @Test("a request whose client goes away stops waiting")
    func cancelledRequest() async {
        await Bench().running { bench in
            await bench.server.fetchBegins(1)
            let request = Task { await bench.refresher.awaitKeys(waitingMilliseconds: 2_000) }
            await bench.clock.somethingSleeps(until: 2 * Self.second)
            request.cancel()
            await request.value
            bench.server.fail()
        }
    }

    @Test("the end of the task releases who waits")
    func shutdown() async {
        let bench = Bench()
        let task = Task { await bench.refresher.run() }
        await bench.server.fetchBegins(1)
        async let waiting: Void = bench.refresher.awaitKeys(waitingMilliseconds: 2_000)
        await bench.clock.somethingSleeps(until: 2 * Self.second)
        task.cancel()
        bench.server.fail()
        await waiting
        await task.value
        #expect(bench.seen.isEmpty)
    }
}
