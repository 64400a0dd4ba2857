extension KeyRing {
    /// What an operator should see to before it becomes a failure.
    package enum Finding: Sendable, Hashable {
        /// The active key has sealed three quarters of the messages that it may, or more.
        case nearlyUsedUp(String)
        /// The active key ends within a day, in milliseconds since the Unix epoch, and no key takes its place.
        case endsWithoutSuccessor(String, atMilliseconds: Int64)
    }

    /// How long before its end a key without a successor is told of.
    package static let endWarningMilliseconds: Int64 = 86_400_000

    /// What is to be told of the keys that seal now; each key once.
    package func findings(atUnixMilliseconds now: Int64) -> [Finding] {
        var findings: [Finding] = []
        func add(_ finding: Finding) {
            if !findings.contains(finding) { findings.append(finding) }
        }
        for profile in EMCLProfile.allCases {
            for use in KeyUse.allCases {
                guard let key = activeKey(profile, for: use, atUnixMilliseconds: now) else { continue }
                if key.sealedMessages >= messagesMaxPerKey / 4 * 3 { add(.nearlyUsedUp(key.id)) }
                guard let end = key.opensUntilMilliseconds, end - now <= Self.endWarningMilliseconds else { continue }
                let hasSuccessor = keys.contains { other in
                    other.profile == profile && other.uses.contains(use) && other.activeFromMilliseconds < end
                        && (other.opensUntilMilliseconds.map { $0 > end } ?? true)
                }
                if !hasSuccessor { add(.endsWithoutSuccessor(key.id, atMilliseconds: end)) }
            }
        }
        return findings
    }
}

extension KeyRing.Finding: CustomStringConvertible {
    /// What is wrong and what would be right, for a person.
    package var description: String {
        switch self {
        case .nearlyUsedUp(let id):
            "key '\(id)' has sealed three quarters of the messages that it may: rotate"
        case .endsWithoutSuccessor(let id, let end):
            "key '\(id)' ends at \(UTCTime.text(end)) and no key takes its place: rotate"
        }
    }
}
