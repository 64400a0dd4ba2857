import RedisFixtures
import Synchronization

@testable import RedisState

/// A real Redis in one of its forms, with keys of the test's own.
final class RedisUnderTest: Sendable {
    private static let count = Atomic(0)

    /// Nobody else's.
    let prefix: String
    let commands: any RedisCommands
    let subscriptions: any RedisSubscriptions
    private let masters: [RedisServer]
    private let test: TestClient?

    init(_ form: RedisForm) async throws {
        let place = try await SharedServers.all.place(form)
        prefix = "test\(Self.count.add(1, ordering: .relaxed).newValue):"
        masters = place.masters
        guard form != .plain else {
            let port = place.masters[0].port
            commands = try SocketRedis(port: port)
            subscriptions = SocketSubscriptions(port: port)
            test = nil
            return
        }
        let test = try await TestClient.started(place.settings)
        commands = test.client
        subscriptions = RedisSubscriber(
            eventLoop: test.loop, settings: place.settings, counters: test.counters)
        self.test = test
    }

    var names: KeyNames { KeyNames(prefix: prefix) }

    /// The keys of this test, and how long each will live; -1 is for ever.
    func keys() throws -> [String: Int] {
        var found: [String: Int] = [:]
        for master in masters {
            for name in try master.order("KEYS", "\(prefix)*").array?.compactMap(\.text) ?? [] {
                found[name] = try master.order("PTTL", name).integer
            }
        }
        return found
    }

    func close() async { await test?.close() }
}
