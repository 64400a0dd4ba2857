import NIOCore
import NIOPosix

@testable import RedisState

/// A client on a loop of its own, as a node is one, and what it told.
final class TestClient: Sendable {
    let client: RedisClient
    let settings: RedisSettings
    let counters = RedisCounters()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let told: Told<RedisEvent>

    init(_ settings: RedisSettings) {
        let told = Told<RedisEvent>()
        client = RedisClient(
            eventLoop: group.next(), settings: settings, counters: counters, onEvent: { told.add($0) })
        self.settings = settings
        self.told = told
    }

    /// A client that is connected.
    static func started(_ settings: RedisSettings) async throws -> TestClient {
        let test = TestClient(settings)
        guard await test.client.start(waitingMilliseconds: 10_000) else {
            throw SocketRedis.Failure("the client does not connect: \(test.seen)")
        }
        return test
    }

    var loop: any EventLoop { group.next() }
    var seen: [RedisEvent] { told.all }

    /// The events of something that does not work.
    var troubles: [RedisEvent] {
        seen.filter { event in
            switch event {
            case .lost, .unreachable: true
            case .connected, .topologyChanged: false
            }
        }
    }

    func send(_ words: String..., key: String? = nil, within milliseconds: Int64? = nil) async -> Result<
        RedisValue, RedisFailure
    > {
        await client.send(
            RedisCommand(
                words.map { Array($0.utf8) }, key: key.map { Array($0.utf8) }, timeoutMilliseconds: milliseconds))
    }

    func close() async {
        await client.close()
        try? await group.shutdownGracefully()
    }
}
