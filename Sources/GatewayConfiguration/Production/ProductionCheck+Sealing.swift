extension ProductionCheck {
    private static let day: Int64 = 86_400
    /// When a key should have been followed by another one, and when it is too old.
    private static let (oldDays, staleDays) = (90, 365) as (Int64, Int64)

    /// EMCL encryption; key rotation schedule.
    static let sealing: [ProductionCheck] = [
        ProductionCheck(
            "emcl.demand", "Envelopes are sealed where that is asked for", at: "emcl",
            fulfilled: "sealed messages are asked for or accepted, by profile v2", checkDemand),
        ProductionCheck(
            "emcl.keys", "Keys that seal are there, and not stale", at: "emcl.keyRingFile",
            fulfilled: "each use has a key that is younger than \(oldDays) days, or nothing is sealed", checkKeys),
        ProductionCheck(
            "emcl.replay", "A message counts once in the whole cluster", at: "emcl.onReplayUnknown",
            fulfilled: "deny while nobody can tell, or nothing is sealed"
        ) { configuration, _, notes in
            guard let emcl = configuration.emcl, emcl.onReplayUnknown == .local else { return }
            notes.warn(
                "emcl.onReplayUnknown", "while Redis is away a message counts once at each gateway",
                remedy: "set deny, unless that is acceptable")
        },
    ]

    private static func checkDemand(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        guard let emcl = configuration.emcl else {
            notes.warn(
                "emcl", "envelopes are not sealed: TLS alone keeps them from who stands between its ends",
                remedy: "make a ring by intentusnet emcl keygen and name it in emcl.keyRingFile, if that matters")
            return
        }
        let clients = [emcl.clients] + emcl.rules.compactMap(\.clients)
        let workers = [emcl.workers] + emcl.rules.compactMap(\.workers)
        if clients.allSatisfy({ $0 == .off }), workers.allSatisfy({ $0 == .off }) {
            notes.fail("emcl", "a key ring is named, and nothing is sealed", remedy: "set emcl.clients or emcl.workers")
        } else if !clients.contains(.required), !workers.contains(.required) {
            notes.warn(
                "emcl.clients", "whoever seals may, and nobody must",
                remedy: "set required, also by intent in emcl.rules")
        }
        let profiles = emcl.clientProfiles + emcl.rules.flatMap(\.clientProfiles)
        let ofWorkers = [emcl.workerProfile] + emcl.rules.compactMap(\.workerProfile)
        if profiles.contains(.v1) || (workers.contains { $0 != .off } && ofWorkers.contains(.v1)) {
            notes.warn(
                "emcl.clientProfiles", "profile v1 binds a message to no caller, agent or request",
                remedy: "keep it to the intents and agents of the Python package, by emcl.rules")
        }
    }

    private static func checkKeys(
        _ configuration: GatewayConfiguration, _ facts: ProductionFacts, _ notes: inout ProductionNotes
    ) {
        guard let emcl = configuration.emcl else { return }
        guard emcl.keyRingFile != nil else {
            return notes.warn(
                "emcl.keyRing", "the ages of keys that are no file are not looked at here",
                remedy: "look at them on a running gateway: intentusnet admin keys")
        }
        let place = "emcl.keyRingFile"
        let renew = "add one by intentusnet emcl keygen --add-to \(emcl.keyRingFile ?? "RING")"
        var needs: Set<String> = []
        if ([emcl.clients] + emcl.rules.compactMap(\.clients)).contains(where: { $0 != .off }) {
            needs.insert("clients")
        }
        if ([emcl.workers] + emcl.rules.compactMap(\.workers)).contains(where: { $0 != .off }) {
            needs.insert("workers")
        }
        for use in needs.sorted() {
            let keys = facts.ring.filter { $0.uses.contains(use) && ($0.opensUntil ?? .max) > facts.nowUnixSeconds }
            guard keys.contains(where: { $0.activeFrom <= facts.nowUnixSeconds }) else {
                notes.fail(place, "no key seals for \(use) now", remedy: renew)
                continue
            }
            for profile in Set(keys.map(\.profile)).sorted() {
                let same = keys.filter { $0.profile == profile && $0.activeFrom <= facts.nowUnixSeconds }
                guard let active = same.max(by: { $0.activeFrom < $1.activeFrom }) else { continue }
                checkAge(active, use, facts.nowUnixSeconds, renew, &notes)
                for former in same where former.id != active.id && former.opensUntil == nil {
                    notes.warn(
                        "\(place) key '\(former.id)'", "it was followed by '\(active.id)', and opens for ever",
                        remedy: "give it opensUntil")
                }
                let hasSuccessor = keys.contains { $0.profile == profile && $0.activeFrom > facts.nowUnixSeconds }
                if let end = active.opensUntil, end - facts.nowUnixSeconds < 7 * day, !hasSuccessor {
                    notes.warn(
                        "\(place) key '\(active.id)'",
                        "it ends in \((end - facts.nowUnixSeconds) / 3_600) hours, and nothing follows it",
                        remedy: renew)
                }
            }
        }
    }

    private static func checkAge(
        _ key: ProductionFacts.RingKey, _ use: String, _ now: Int64, _ renew: String, _ notes: inout ProductionNotes
    ) {
        let place = "emcl.keyRingFile key '\(key.id)'"
        guard key.activeFrom > 0 else {
            return notes.warn(
                place, "nobody can tell how old it is", remedy: "give it activeFrom, as intentusnet emcl keygen does")
        }
        let age = (now - key.activeFrom) / day
        if age > staleDays {
            notes.fail(place, "it seals for \(use) since \(age) days", remedy: renew)
        } else if age > oldDays {
            notes.warn(place, "it seals for \(use) since \(age) days", remedy: renew)
        }
    }
}
