import AdminServer
import Gateway
import IntentProtocol
import Observability
import RateLimiting

extension NodeOperations {
    /// Looks at one bucket, or fills it.
    func bucket(_ limit: String, _ key: [String], isReset: Bool) async -> AdminReply {
        let policy = parts.policies.current
        guard let count = policy.fieldCount(ofLimit: limit), let demand = policy.demand(onLimit: limit, fields: key)
        else { return .refused(404, "LIMIT_UNKNOWN", "no rule of the policy in force has a limit of this name") }
        guard key.count == count else {
            return .refused(
                400, "KEY_MISMATCH",
                "the key of this limit has \(count) values, found \(key.count); GET /admin/v1/limits shows them")
        }
        let found: BucketLook?
        if let shared = parts.shared {
            let buckets = shared.bucketsOfOperators()
            found = isReset ? await buckets.reset(demand) : await buckets.look(demand)
        } else {
            let now = Timestamp.monotonicNanoseconds()
            found =
                isReset
                ? parts.buckets.reset(demand, nowNanoseconds: now) : parts.buckets.look(demand, nowNanoseconds: now)
        }
        guard let found else {
            return .refused(503, "STORE_UNAVAILABLE", "Redis does not answer; nothing was changed")
        }
        guard !isReset || !found.sharesOverflow else {
            return .refused(
                409, "BUCKET_SHARED",
                "there are as many buckets as limits.liveKeysMax allows, and this key counts with others; nothing was changed"
            )
        }
        return AdminReply(json(found, demand, key, isReset: isReset))
    }

    private func json(_ look: BucketLook, _ demand: BucketDemand, _ key: [String], isReset: Bool) -> JSONValue {
        let limit = demand.limit
        let before = JSONValue.number(JSONNumber(look.remainingTokens))
        var fields: JSONObject = [
            "limit": .string(limit.name), "key": .array(key.map(JSONValue.string)),
            "burstTokens": .number(JSONNumber(limit.capacityTokens)),
            "ratePerMinute": .number(JSONNumber(limit.ratePerMinute)), "isShadow": .bool(limit.shadow),
            "scope": parts.shared == nil ? "node" : "cluster",
        ]
        if isReset {
            fields["remainingTokensBefore"] = before
        } else {
            fields["remainingTokens"] = before
            fields["fullAfterMs"] = .number(JSONNumber(Int(look.fullAfterMilliseconds)))
            fields["heldTokens"] = .number(JSONNumber(parts.shared?.book.heldTokens(of: demand.key) ?? 0))
            fields["sharesOverflow"] = .bool(look.sharesOverflow)
        }
        return .object(fields)
    }
}
