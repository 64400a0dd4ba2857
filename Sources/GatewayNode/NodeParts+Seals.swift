import Documents
import Encryption
import Gateway
import IntentProtocol
import Logging
import Observability
import RedisState
import Secrets

extension NodeParts {
    /// Follows the key ring until cancelled: asks a source of secrets at its time, and looks when another node has rotated.
    func runSeals() async {
        guard let seals else { return }
        await withTaskGroup { group in
            if case .secret = seals.source.place {
                group.addTask {
                    while !Task.isCancelled {
                        // Not all nodes at the same time.
                        let seconds = Double(seals.refreshSeconds) * Double.random(in: 0.9...1.1)
                        try? await Task.sleep(for: .milliseconds(Int64(seconds * 1_000)))
                        if !Task.isCancelled { await self.lookAtKeys() }
                    }
                }
            }
            if let shared { group.addTask { await shared.keyRings.run { _ = await self.lookAtKeys() } } }
        }
    }

    /// Looks at the key ring's source now, whatever its time.
    ///
    /// - Returns: why it cannot be used.
    @discardableResult
    func lookAtKeys() async -> [Diagnostic] {
        guard let seals else { return [] }
        do throws(SecretFault) { try await seals.source.ask() } catch {
            let fault = Diagnostic(.error, "emcl.keyRing: \(error)")
            let isAway = error.kind == .unavailable
            // How a connection fails may change from look to look.
            let isSame = seals.isRepeated(isAway ? "unavailable" : fault.description)
            return noteRefused([fault], isAway: isAway, isNew: !isSame)
        }
        return refreshSeals(isAsked: true)
    }

    /// Takes another key ring up when its source changed; what cannot be used is refused and told, and the former stays. Keys whose
    /// time has come seal once every node holds them.
    ///
    /// - Returns: the faults of the ring.
    @discardableResult
    func refreshSeals(isAsked: Bool = false) -> [Diagnostic] {
        guard let seals else { return [] }
        let now = Timestamp.unixNanoseconds() / 1_000_000
        let refresh = seals.refresh(isAsked: isAsked, keysOfOthers, nowUnixMilliseconds: now)
        defer { tell(seals.settle(keysOfOthers, nowUnixMilliseconds: now)) }
        switch refresh {
        case .unchanged: return []
        case .replaced(let added, let removed):
            health.set("keys of envelopes", .healthy)
            let isOver = seals.endTrouble()
            if isOver { logger.notice("the source of the key ring gives one that can be used again") }
            guard !added.isEmpty || !removed.isEmpty || !isAsked else {
                if isOver { note(reason: "source_available", outcome: nil, nil) }
                return []
            }
            logger.notice(
                "key ring in force", metadata: ["added": "\(added)", "removed": "\(removed)"])
            note(reason: "applied", outcome: nil, "added \(added), removed \(removed)")
            shared?.nodes.announceSoon()
            return []
        case .refused(let faults, let isNew): return noteRefused(faults, isNew: isNew)
        }
    }

    /// What the other nodes say that they hold.
    private var keysOfOthers: KeyConsent.Others {
        guard let shared else { return .nobody }
        guard shared.nodes.figures.heartbeats > 0 else { return .unknown }
        return .known(shared.nodes.liveNodes().filter { $0.id != record.id }.compactMap { $0.keyIds.map(Set.init) })
    }

    /// Says what is new, once.
    private func tell(_ news: NodeSeals.News) {
        if let findings = news.findings {
            health.set(
                "age of keys of envelopes", findings.isEmpty ? .healthy : .degraded, findings.joined(separator: "; "))
            for finding in findings { logger.warning("key ring", metadata: ["finding": "\(finding)"]) }
        }
        if let waiting = news.waiting {
            logger.info("keys that wait until every node holds them", metadata: ["keys": "\(waiting.sorted())"])
        }
    }

    /// Tells why the former ring stays in force: once, for a schedule comes by again and again.
    ///
    /// - Parameter isAway: whether the source did not answer.
    private func noteRefused(_ faults: [Diagnostic], isAway: Bool = false, isNew: Bool) -> [Diagnostic] {
        let trouble: Logger.Message =
            isAway ? "the source of the key ring does not answer" : "the key ring was refused"
        health.set("keys of envelopes", .degraded, "\(trouble); the former one is in force")
        guard isNew else { return faults }
        for fault in faults { logger.error(trouble, metadata: ["finding": "\(fault)"]) }
        note(
            reason: isAway ? "source_unavailable" : "refused", outcome: isAway ? .agentUnavailable : .validationError,
            faults.first?.description)
        return faults
    }

    private func note(reason: String, outcome: ErrorCode?, _ detail: String?) {
        var record = AuditRecord(.keyRotation, unixNanoseconds: Timestamp.unixNanoseconds(), action: "keyring.reload")
        record.reason = reason
        record.outcome = outcome
        record.detail = detail
        audit.append(record)
    }
}
