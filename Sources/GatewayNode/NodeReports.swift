import GatewayConfiguration
import IntentProtocol
import Observability
import RateLimiting
import RedisState
import Routing

/// What a node tells operators as JSON: who is there, what is registered, which limits are hot. No tokens, no secrets.
struct NodeReports: Sendable {
    /// The most agents of a page.
    static let agentsMax = 1_000
    /// The most limits of a page.
    static let limitsMax = 100

    let parts: NodeParts

    private var store: JSONValue { .string(parts.shared == nil ? "memory" : "redis") }

    // MARK: nodes

    func nodes() -> JSONValue {
        let records = (parts.shared?.nodes.liveNodes() ?? [parts.record]).map { record in
            var record = record
            // Of itself a node knows more than its last heartbeat said.
            if record.id == parts.record.id { record.load = parts.load() }
            return record
        }
        return [
            "store": store, "isCurrent": .bool(!(parts.shared?.nodes.figures.isAway ?? false)),
            "nodes": .array(records.map(json)),
        ]
    }

    private func json(_ node: NodeRecord) -> JSONValue {
        [
            "id": .string(node.id), "name": .string(node.name), "version": .string(node.version),
            "address": .string(node.address),
            "startedAt": .string(Timestamp.text(unixNanoseconds: node.startedAtMilliseconds * 1_000_000)),
            "requestsPerSecond": .number(JSONNumber(node.load.requestsPerSecond)),
            "requestsInFlight": .number(JSONNumber(node.load.requestsInFlight)),
            "isThisNode": .bool(node.id == parts.record.id),
            // Nodes of an older version do not tell.
            "isDrained": node.load.isDrained.map(JSONValue.bool) ?? .null,
        ]
    }

    // MARK: agents

    func agents(max: Int = agentsMax) -> JSONValue {
        let all = parts.directory.listing(nowNanoseconds: Timestamp.monotonicNanoseconds())
        let unix = Timestamp.unixNanoseconds()
        return [
            "store": store, "isCurrent": .bool(!(parts.shared?.directory.figures.isAway ?? false)),
            "count": .number(JSONNumber(all.count)),
            "agents": .array(all.prefix(max).map { json($0, unixNanoseconds: unix) }),
        ]
    }

    private func json(_ agent: AgentListing, unixNanoseconds: Int64) -> JSONValue {
        let intents = agent.definition.capabilities.map { capability -> JSONValue in
            ["name": .string(capability.intent.text), "version": .string(capability.version.text)]
        }
        let instances = agent.instances.map { instance -> JSONValue in
            let renewed = instance.renewedMillisecondsAgo.map { unixNanoseconds - $0 * 1_000_000 }
            return [
                "id": .string(instance.id), "url": .string(instance.url), "health": .string(instance.health),
                "inFlight": .number(JSONNumber(instance.inFlight)), "isDrained": .bool(instance.isDrained),
                "latencyMicroseconds": instance.latencyMicroseconds.map { .number(JSONNumber(Int($0))) } ?? .null,
                "expiresInMs": instance.expiresInMilliseconds.map { .number(JSONNumber(Int($0))) } ?? .null,
                "lastRenewedAt": renewed.map { .string(Timestamp.text(unixNanoseconds: $0)) } ?? .null,
            ]
        }
        let (source, owner): (String, JSONValue) =
            switch agent.source {
            case .configuration: ("configured", .null)
            case .registration(let owner): ("registered", .string(owner))
            }
        return [
            "name": .string(agent.definition.name), "nodeId": agent.definition.nodeId.map(JSONValue.string) ?? .null,
            "nodePriority": .number(JSONNumber(agent.definition.nodePriority)), "source": .string(source),
            "owner": owner, "isDrained": .bool(parts.directory.drained.covers(agent: agent.definition.name)),
            "intents": .array(intents), "instances": .array(instances),
        ]
    }

    // MARK: limits

    func limits(max: Int = limitsMax) -> JSONValue {
        let now = Timestamp.monotonicNanoseconds()
        let hottest = HotLimits.hottest(parts.hotLimits, countMax: max, nowNanoseconds: now)
        return [
            "store": store, "isCurrent": .bool(parts.shared?.book.isStoreAsked ?? true),
            "limits": .array(hottest.map { json($0, nowNanoseconds: now) }),
        ]
    }

    private func json(_ hot: HotLimit, nowNanoseconds: Int64) -> JSONValue {
        [
            "limit": .string(hot.limit.name), "key": .array(hot.fields.map(JSONValue.string)),
            "burstTokens": .number(JSONNumber(hot.limit.capacityTokens)),
            "ratePerMinute": .number(JSONNumber(hot.limit.ratePerMinute)), "isShadow": .bool(hot.limit.shadow),
            "remainingTokens": .number(JSONNumber(hot.remainingTokens)),
            "heldTokens": .number(JSONNumber(parts.shared?.book.heldTokens(of: hot.key) ?? 0)),
            "requestsPerSecond": Self.tenths(hot.requestsPerSecond),
            "refusedPerSecond": Self.tenths(hot.refusedPerSecond),
            "seenMsAgo": .number(JSONNumber(Int((nowNanoseconds - hot.seenNanoseconds) / 1_000_000))),
        ]
    }

    static func tenths(_ number: Double) -> JSONValue {
        JSONNumber((number * 10).rounded() / 10).map(JSONValue.number) ?? .null
    }
}
