import IntentProtocol

/// What the store knows of one reference, and what it does when somebody asks.
struct SecretEntry: Sendable {
    enum Action: Sendable {
        case give(SecretVersion)
        /// The source was asked a moment ago and did not answer: the last value, of this age.
        case giveStale(SecretVersion, SecretFault, ageNanoseconds: Int64)
        case refuse(SecretFault)
        case fetch
    }

    /// How the source of a value that was had once does since.
    enum Standing: Sendable {
        case answering
        /// It does not answer, and the last value serves.
        case away
        /// It refuses, or has been away for too long: no value serves.
        case refusing
    }

    /// After a fault the source is left alone for this long: an outage must not cost each caller a time-out.
    static let pauseNanoseconds: Int64 = 2_000_000_000

    private var known: (version: SecretVersion, atNanoseconds: Int64)?
    private var fault: (fault: SecretFault, atNanoseconds: Int64)?
    /// nil before the first value: who asked for that is told of its fault.
    private var standing: Standing?
    var usedAtNanoseconds: Int64

    init(nowNanoseconds now: Int64) {
        usedAtNanoseconds = now
    }

    func action(_ limits: SecretStore.Limits, isLocal: Bool, nowNanoseconds now: Int64) -> Action {
        let fresh = (isLocal ? 1 : limits.cacheSeconds) * 1_000_000_000
        if let known, now < known.atNanoseconds + fresh { return .give(known.version) }
        guard let fault, now < fault.atNanoseconds + Self.pauseNanoseconds, !isLocal else { return .fetch }
        return afterFault(fault.fault, limits, nowNanoseconds: now)
    }

    /// What is known when the source fails: only an outage is bridged. Who refuses, or has no such secret any more, has spoken.
    func afterFault(_ fault: SecretFault, _ limits: SecretStore.Limits, nowNanoseconds now: Int64) -> Action {
        guard fault.kind == .unavailable, let known, now < known.atNanoseconds + limits.staleSecondsMax * 1_000_000_000
        else { return .refuse(fault) }
        return .giveStale(known.version, fault, ageNanoseconds: now - known.atNanoseconds)
    }

    /// Notes what the source answered.
    ///
    /// - Returns: whether the value is another than the one before.
    mutating func note(_ result: Result<SecretVersion, SecretFault>, nowNanoseconds now: Int64) -> Bool {
        switch result {
        case .success(let version):
            let isChange = known.map { $0.version.value != version.value } ?? false
            known = (version, now)
            fault = nil
            return isChange
        case .failure(let found):
            fault = (found, now)
            if found.kind != .unavailable { known = nil }
            return false
        }
    }

    /// Notes what became of asking the source.
    ///
    /// - Returns: how it does now, when that is not as before: an outage is told when it begins and when it ends.
    mutating func newStanding(_ action: Action) -> Standing? {
        let now: Standing =
            switch action {
            case .give, .fetch: .answering
            case .giveStale: .away
            case .refuse: .refusing
            }
        guard let before = standing else {
            if now == .answering { standing = now }
            return nil
        }
        standing = now
        return now == before ? nil : now
    }
}
