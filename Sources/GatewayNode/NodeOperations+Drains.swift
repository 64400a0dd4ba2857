import AdminServer
import IntentProtocol
import RedisState
import Routing

extension NodeOperations {
    /// Drains an agent or an instance, or takes it back; an agent that is not there now may come.
    ///
    /// - Parameter seconds: how long it holds; nil takes it back.
    func drain(_ agent: String, _ instance: String?, seconds: Int?) async -> AdminReply {
        let reach = await drains.change(
            DrainMarks.Mark(agent: agent, instance: instance), forMilliseconds: seconds.map { Int64($0) * 1_000 })
        guard reach != .full else {
            return .refused(
                409, "TOO_MANY_DRAINS", "\(DrainMarks.countMax) agents and instances are drained already; undrain some")
        }
        let record = parts.directory.snapshot.agent(named: agent)
        let instances = record?.instances.filter { instance == nil || $0.id == instance } ?? []
        return AdminReply(
            [
                "agent": .string(agent), "instance": instance.map(JSONValue.string) ?? .null,
                "isDrained": .bool(seconds != nil),
                "ttlSeconds": seconds.map { .number(JSONNumber($0)) } ?? .null,
                "scope": reach == .cluster ? "cluster" : "node",
                "isRegistered": .bool(!instances.isEmpty),
                "inFlight": .number(JSONNumber(instances.reduce(0) { $0 + $1.state.inFlight })),
            ], detail: reach == .cluster ? "cluster" : "node")
    }
}
