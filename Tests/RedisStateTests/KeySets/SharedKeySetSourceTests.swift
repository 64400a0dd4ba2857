import Identity
import Synchronization
import Testing

@testable import RedisState

private let first = TestIssuerServer.keySet(kid: "first")
private let second = TestIssuerServer.keySet(kid: "second")

/// Nodes that share one issuer through one store in memory.
private final class Cluster: Sendable {
    let clock = TestClock()
    let issuer = TestIssuerServer()
    let share: MemoryKeySetShare
    let events = Mutex<[SharedKeySetEvent]>([])
    let secret: [UInt8]?
    let readsCopies: Bool

    init(secret: [UInt8]? = nil, readsCopies: Bool = true) {
        share = MemoryKeySetShare(clock: clock)
        self.secret = secret
        self.readsCopies = readsCopies
    }

    var binding: KeySetCopy.Binding {
        KeySetCopy.Binding(issuer: "https://issuer", url: "https://issuer/keys", secret: secret)
    }

    func node(_ surroundings: StoreSurroundings? = nil) -> SharedKeySetSource {
        SharedKeySetSource(
            id: "x", origin: issuer, share: share, binding: binding, timing: SharedKeySetTiming(),
            keyTiming: KeySetTiming(), readsCopies: readsCopies, surroundings: surroundings ?? .manual(clock),
            onEvent: { _, event in self.events.withLock { $0.append(event) } })
    }
}

@Suite("Shared source of an issuer's keys", .timeLimit(.minutes(1)))
struct SharedKeySetSourceTests {
    @Test("B4 nodes that start at once make one request")
    func start() async throws {
        let cluster = Cluster()
        let fetched = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 {
                let node = cluster.node(.real)
                group.addTask { try await node.fetch(.scheduled).bytes }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(fetched == [first])
        #expect(cluster.issuer.count == 1)
    }

    @Test("B4 a refresh is one for the cluster, whoever is due first")
    func refresh() async throws {
        let cluster = Cluster()
        let nodes = (0..<5).map { _ in cluster.node() }
        for round in 0..<10 {
            for node in nodes.shuffled() { _ = try await node.fetch(.scheduled) }
            #expect(cluster.issuer.count == round + 1)
            cluster.clock.advance(milliseconds: 240_000)
        }
    }

    @Test("B1 1,000 tokens with unknown key ids on five nodes cause one request in ten seconds")
    func unknownKeys() async throws {
        let cluster = Cluster()
        let nodes = (0..<5).map { _ in cluster.node() }
        for node in nodes { _ = try await node.fetch(.scheduled) }
        cluster.issuer.serve(kid: "second")
        let began = cluster.clock.milliseconds
        for number in 0..<1_000 {
            _ = try await nodes[number % 5].fetch(.unknownKey)
            cluster.clock.advance(milliseconds: 29)
        }
        let seconds = Double(cluster.clock.milliseconds - began) / 1_000
        #expect(cluster.issuer.count - 1 <= 1 + Int(seconds / 10))
        #expect(cluster.issuer.count - 1 >= Int(seconds / 10))
        for node in nodes { #expect(try await node.fetch(.unknownKey).bytes == second) }
    }

    @Test("B1 a copy that answers for a fetch is as old as it is, so that it proves no key absent")
    func age() async throws {
        let cluster = Cluster()
        let (one, other) = (cluster.node(), cluster.node())
        #expect(try await one.fetch(.scheduled).ageMilliseconds == 0)
        cluster.clock.advance(milliseconds: 5_000)
        let copy = try await other.fetch(.scheduled)
        #expect(copy == FetchedKeySet(bytes: first, freshForSeconds: 300, ageMilliseconds: 5_000))
        #expect(try await other.fetch(.unknownKey).ageMilliseconds == 0)
        #expect(cluster.issuer.count == 2)
        #expect(try await one.fetch(.unknownKey).ageMilliseconds == 0)
        cluster.clock.advance(milliseconds: 2_000)
        #expect(try await one.fetch(.unknownKey).ageMilliseconds == 2_000)
        #expect(cluster.issuer.count == 2)
    }

    @Test("an operator's reload asks the issuer, for he knows of a change")
    func reload() async throws {
        let cluster = Cluster()
        let (one, other) = (cluster.node(), cluster.node())
        _ = try await one.fetch(.scheduled)
        cluster.issuer.serve(kid: "second")
        #expect(try await other.fetch(.reload).bytes == second)
        #expect(await one.announced()?.bytes == second)
        #expect(await one.announced() == nil)
        #expect(cluster.issuer.count == 2)
    }

    @Test("B2 a node that starts while the issuer is down serves what the cluster has, up to its age")
    func issuerDown() async throws {
        let cluster = Cluster()
        _ = try await cluster.node().fetch(.scheduled)
        cluster.issuer.fail(.unreachable("down"))
        cluster.clock.advance(milliseconds: 3_600_000)
        let fresh = cluster.node()
        let copy = try await fresh.fetch(.scheduled)
        #expect(copy.bytes == first)
        #expect(copy.ageMilliseconds >= 3_600_000)
        // What it has already is no answer to a fetch.
        await #expect(throws: KeySetError.self) { try await fresh.fetch(.scheduled) }
        cluster.clock.advance(milliseconds: 86_400_000)
        await #expect(throws: KeySetError.unreachable("down")) { try await cluster.node().fetch(.scheduled) }
    }

    @Test("a failing issuer is asked by one node at a time, and by nobody for ever in vain")
    func failing() async throws {
        let cluster = Cluster()
        cluster.issuer.fail(.unreachable("down"))
        let nodes = (0..<5).map { _ in cluster.node() }
        for node in nodes { await #expect(throws: KeySetError.self) { try await node.fetch(.scheduled) } }
        #expect(cluster.issuer.count == 1)
        await #expect(throws: KeySetError.unreachable("another node failed: the key set cannot be fetched: down")) {
            try await nodes[1].fetch(.scheduled)
        }
        await #expect(throws: KeySetError.unreachable("down")) { try await nodes[1].fetch(.scheduled) }
        #expect(cluster.issuer.count == 2)
    }

    @Test("B3 a set that cannot be used is given to nobody", arguments: ["", "<html>", #"{"keys":[]}"#])
    func badSet(_ text: String) async throws {
        let cluster = Cluster()
        cluster.issuer.serve(text)
        await #expect(throws: KeySetError.self) { try await cluster.node().fetch(.scheduled) }
        #expect(cluster.share.stores == 0)
    }

    @Test("without Redis every node asks the issuer itself, and says so once")
    func storeAway() async throws {
        let cluster = Cluster()
        let node = cluster.node()
        cluster.share.fail(.notConnected("away"))
        for _ in 0..<3 { #expect(try await node.fetch(.scheduled).bytes == first) }
        #expect(cluster.issuer.count == 3)
        cluster.share.fail(nil)
        _ = try await node.fetch(.scheduled)
        #expect(cluster.events.withLock { $0 } == [.storeLost(.notConnected("away")), .storeFound])
        #expect(node.figures.fetchesAlone == 3)
    }

    @Test("a lock that never comes free holds the keys back for a bounded time only")
    func stuckLock() async throws {
        let cluster = Cluster()
        for number in 0..<3 {
            // Whoever holds it renews it whenever it would expire.
            _ = await cluster.share.ask(KeySetQuestion(token: [UInt8(number)], reason: .scheduled))
        }
        let holder = Task {
            while !Task.isCancelled {
                _ = await cluster.share.ask(KeySetQuestion(token: [9], reason: .scheduled))
                await Task.yield()
            }
        }
        defer { holder.cancel() }
        let began = cluster.clock.milliseconds
        #expect(try await cluster.node().fetch(.scheduled).bytes == first)
        #expect(cluster.clock.milliseconds - began <= 7_000 + 250 + 250)
    }

    @Test(
        "what lies in Redis is read as strictly as the issuer's answer, told once, and replaced",
        arguments: [nil, [UInt8](repeating: 7, count: 32)])
    func poisoned(secret: [UInt8]?) async throws {
        let cluster = Cluster(secret: secret)
        let good = KeySetCopy(
            servedAtMilliseconds: cluster.clock.milliseconds, freshForSeconds: 300, token: bytes32, bytes: first)
        var elsewhere = cluster.binding
        elsewhere = KeySetCopy.Binding(issuer: elsewhere.issuer, url: "https://evil/keys", secret: secret)
        let otherSecret = KeySetCopy.Binding(
            issuer: "https://issuer", url: "https://issuer/keys", secret: [UInt8](repeating: 8, count: 32))
        let unusable = KeySetCopy(
            servedAtMilliseconds: cluster.clock.milliseconds, freshForSeconds: 300, token: bytes32,
            bytes: Array(#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.utf8))
        var changed = good.encoded(cluster.binding)
        changed[changed.count - 5] ^= 1
        let future = KeySetCopy(
            servedAtMilliseconds: cluster.clock.milliseconds + 60_000, freshForSeconds: 300, token: bytes32,
            bytes: second)
        let values = [
            Array("rubbish".utf8), [], Array(repeating: 0xff, count: 1_000), first, changed,
            good.encoded(elsewhere), good.encoded(otherSecret), unusable.encoded(cluster.binding),
            future.encoded(cluster.binding),
        ]
        for value in values {
            cluster.share.put(value)
            let node = cluster.node()
            let before = cluster.issuer.count
            #expect(try await node.fetch(.scheduled).ageMilliseconds == 0)
            #expect(cluster.issuer.count == before + 1)
            #expect(try await cluster.node().fetch(.scheduled).bytes == first)
            #expect(cluster.issuer.count == before + 1)
            // Nothing is not worth a word.
            #expect(node.figures.copiesRejected == (value.isEmpty ? 0 : 1))
        }
    }

    @Test("with a secret, what others without it wrote is not believed")
    func secret() async throws {
        let cluster = Cluster(secret: [UInt8](repeating: 7, count: 32))
        let plain = KeySetCopy.Binding(issuer: "https://issuer", url: "https://issuer/keys", secret: nil)
        let forged = KeySetCopy(
            servedAtMilliseconds: cluster.clock.milliseconds, freshForSeconds: 300, token: bytes32, bytes: second)
        cluster.share.put(forged.encoded(plain))
        let node = cluster.node()
        #expect(await node.announced() == nil)
        #expect(await node.announced() == nil)
        #expect(cluster.events.withLock { $0 }.count == 1)
        #expect(try await node.fetch(.scheduled).bytes == first)
    }

    @Test("a node that does not trust Redis for keys uses it for the lock alone")
    func lockOnly() async throws {
        let cluster = Cluster(readsCopies: false)
        let forged = KeySetCopy(
            servedAtMilliseconds: cluster.clock.milliseconds, freshForSeconds: 300, token: bytes32, bytes: second)
        cluster.share.put(forged.encoded(cluster.binding))
        #expect(try await cluster.node().fetch(.scheduled).bytes == first)
        #expect(try await cluster.node().fetch(.scheduled).bytes == first)
        #expect(cluster.issuer.count == 2)
        #expect(cluster.share.stores == 0)
    }
}

private let bytes32 = Array("0123456789abcdef0123456789abcdef".utf8)
