import Foundation
import LoadClient

/// How much a run asks of the machine: little with every `make test`, all that is promised with `make soak`.
enum Scale {
    static let isSoak = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1"

    /// The short value or the one of a soak.
    static func of<Value>(_ short: Value, soak: Value) -> Value { isSoak ? soak : short }
}

/// A steady load on a gateway: half of it allowed, a part of each kind refused.
enum Load {
    static func plan(_ gateway: AuditedGateway, perSecond: Int) throws -> LoadPlan {
        let requests = [
            LoadRequest(name: "allowed", bytes: AuditedGateway.request(token: try AuditedGateway.token()), weight: 8),
            LoadRequest(
                name: "denied", bytes: AuditedGateway.request(token: try AuditedGateway.token(roles: ["guest"])),
                weight: 1),
            LoadRequest(name: "unknown", bytes: AuditedGateway.request(token: nil), weight: 1),
        ]
        var plan = LoadPlan(
            targets: [LoadTarget(port: gateway.port, weight: 1)], requests: requests, requestsPerSecond: perSecond)
        plan.connectionsPerTarget = 16
        return plan
    }

    /// Runs a load for a time.
    ///
    /// - Parameter middle: what is done when half of the time is over.
    static func run(
        _ gateway: AuditedGateway, perSecond: Int, seconds: Double, middle: () throws -> Void = {}
    ) throws -> LoadReport {
        let client = try LoadClient(plan(gateway, perSecond: perSecond))
        try client.start(phase: "all")
        usleep(UInt32(seconds * 500_000))
        try middle()
        usleep(UInt32(seconds * 500_000))
        return try client.finish()
    }
}
