import Foundation
import GatewayConfiguration
import Observability
import RateLimiting
import RedisState
import Synchronization

/// A number that somebody else keeps; 0 until it is known who.
final class NodeCount: Sendable {
    /// A function must not be a Mutex's value itself: each look at it would wrap it in two more, for as long as the process runs.
    private struct Source {
        var read: @Sendable () -> Int
    }

    private let source = Mutex(Source(read: { 0 }))

    var value: Int { source.withLock { $0 }.read() }

    func become(_ read: @escaping @Sendable () -> Int) { source.withLock { $0 = Source(read: read) } }
}

extension NodeParts {
    /// How busy this node is now.
    func load() -> NodeLoad { Self.load(rate, inFlight, health) }

    /// Where the number of requests under way is known, once the listener is there.
    func reportLoad(_ requestsInFlight: @escaping @Sendable () -> Int) { inFlight.become(requestsInFlight) }

    /// What each event loop notes of its limits.
    var hotLimits: [HotLimits] { hotLimitsOfLoops.withLock { $0 } }

    static func load(_ rate: RequestRate, _ inFlight: NodeCount, _ health: HealthState) -> NodeLoad {
        NodeLoad(
            requestsInFlight: inFlight.value, requestsPerSecond: rate.perSecond, isDrained: health.isDrained)
    }
}

extension NodeRecord {
    /// A node that starts now.
    init(_ configuration: GatewayConfiguration) {
        self.init(
            id: UUID().uuidString.lowercased(), name: ProcessInfo.processInfo.hostName, version: Version.text,
            address: configuration.listen.http.description,
            startedAtMilliseconds: Timestamp.unixNanoseconds() / 1_000_000)
    }
}
