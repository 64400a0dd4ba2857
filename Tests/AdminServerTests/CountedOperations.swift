import AdminServer
import Gateway
import GatewayHTTP
import Identity
import IntentProtocol
import Observability
import Synchronization
import Testing

/// A node that does nothing but count what it is asked.
final class CountedOperations: AdminOperations {
    let calls = Atomic(0)
    let actions = Mutex<[AdminAction]>([])

    func read(_ read: AdminRead) async -> AdminReply {
        AdminReply(["call": .number(JSONNumber(calls.wrappingAdd(1, ordering: .relaxed).newValue))])
    }

    func act(_ action: AdminAction) async -> AdminReply {
        actions.withLock { $0.append(action) }
        return AdminReply(["done": true])
    }
}

extension AdminServer.Parts {
    /// Parts of a server in a test, with a clock that stands for health reports.
    static func forTests(
        metrics: MetricsRegistry = MetricsRegistry(), health: HealthState = HealthState(),
        operations: CountedOperations = CountedOperations()
    ) throws -> AdminServer.Parts {
        let rules = PeerRules(TrustDomainTable(try #require(TrustDomain("cluster.local"))))
        return AdminServer.Parts(
            metrics: metrics, health: health, operations: operations,
            accept: { connection in
                ArrivalConnection(
                    remoteAddress: connection.remoteAddress,
                    peer: rules.connection(
                        address: NetworkAddress(packed: connection.remotePacked), identity: nil))
            }, audit: { _ in },
            clock: AdminClock(
                monotonicNanoseconds: Timestamp.monotonicNanoseconds,
                unixNanoseconds: { 1_773_500_966_535_897_932 }), secret: (1, 2))
    }
}
