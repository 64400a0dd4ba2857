import AdminServer
import Encryption
import Identity
import IntentProtocol

extension NodeOperations {
    /// How the keys of issuers and of envelopes stand; public facts of keys alone.
    func keys() -> AdminReply {
        let configured = parts.keys.refreshers.map { json($0.status(), source: "configuration") }
        let named = parts.policyIssuers.statuses.map { json($0, source: "policy") }
        let ring = keyRing.map { ring -> JSONValue in .array(ring.keys().map(json)) }
        return AdminReply(["issuers": .array(configured + named), "emcl": ring ?? .null])
    }

    /// Fetches the keys of one issuer or of all, at the same time.
    func refreshKeySets(_ issuer: String?) async -> AdminReply {
        let refreshers = (parts.keys.refreshers + parts.policyIssuers.refreshers).filter { refresher in
            issuer.map { $0 == refresher.status().issuer } ?? true
        }
        guard !refreshers.isEmpty || issuer == nil else {
            return .refused(404, "ISSUER_UNKNOWN", "no issuer of this name is configured")
        }
        let statuses = await withTaskGroup(of: (Int, KeySetStatus).self) { group in
            for (place, refresher) in refreshers.enumerated() {
                group.addTask { (place, await refresher.reload(waitingMilliseconds: 3_000)) }
            }
            return await group.reduce(into: [Int: KeySetStatus]()) { $0[$1.0] = $1.1 }
        }
        let sorted = refreshers.indices.compactMap { statuses[$0] }
        var reply = AdminReply(
            ["issuers": .array(sorted.map { json($0, source: nil) })],
            detail: "\(sorted.count { $0.lastFailure == nil }) of \(sorted.count) fetched")
        if sorted.contains(where: { $0.lastFailure != nil }) { reply.status = 502 }
        return reply
    }

    func rotateKeys() async -> AdminReply {
        guard let keyRing else {
            return .refused(
                409, "EMCL_NOT_CONFIGURED",
                "there are no keys to rotate: the configuration has no encryption of envelopes")
        }
        switch await keyRing.rotate() {
        case .success(let rotation):
            return AdminReply(
                [
                    "activeKey": rotation.activeId.map(JSONValue.string) ?? .null,
                    "nextKey": rotation.next.map { .string($0.id) } ?? .null,
                    "nextActiveFrom": rotation.next.map { .string(UTCTime.text($0.fromMilliseconds)) } ?? .null,
                    "scope": rotation.isClusterWide ? "cluster" : "node",
                ],
                detail: rotation.next.map { "next key \($0.id)" } ?? "active key \(rotation.activeId ?? "none")")
        case .failure(.sourceIsFixed(let text)): return .refused(409, "KEY_SOURCE_FIXED", text)
        case .failure(.ringIsFull(let text)): return .refused(409, "KEY_RING_FULL", text)
        case .failure(.unavailable(let text)): return .refused(503, "KEY_SOURCE_UNAVAILABLE", text)
        }
    }

    private func json(_ key: KeyRingEntry) -> JSONValue {
        let time: (Int64?) -> JSONValue = { $0.map { .string(UTCTime.text($0)) } ?? .null }
        return [
            "id": .string(key.id), "state": .string(key.state.rawValue), "profile": .string(key.profile.rawValue),
            "uses": .array(KeyUse.allCases.filter(key.uses.contains).map { .string($0.rawValue) }),
            "activeFrom": time(key.activeFromMilliseconds), "opensUntil": time(key.opensUntilMilliseconds),
            "ageSeconds": key.ageSeconds.map { .number(JSONNumber(Int($0))) } ?? .null,
            "sealedMessages": .number(JSONNumber(Int(clamping: key.sealedMessages))),
        ]
    }

    private func json(_ status: KeySetStatus, source: String?) -> JSONValue {
        var fields: JSONObject = [
            "issuer": .string(status.issuer), "availability": .string("\(status.availability)"),
            "keyCount": .number(JSONNumber(status.keyCount)),
            "ageSeconds": status.ageSeconds.map { .number(JSONNumber(Int($0))) } ?? .null,
            "fetchesSucceeded": .number(JSONNumber(status.fetchesSucceeded)),
            "fetchesFailed": .number(JSONNumber(status.fetchesFailed)),
            "lastFailure": status.lastFailure.map { .string("\($0)") } ?? .null,
        ]
        if let source { fields["source"] = .string(source) }
        return .object(fields)
    }
}
