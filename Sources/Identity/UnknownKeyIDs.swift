/// The key ids that tokens named and the issuer's key set did not have.
///
/// A fetch of the key set answers for the ids that were asked for before it began; those it did not bring are known to
/// be absent for a while, so that a client with a wrong token does not make the gateway fetch again and again.
struct UnknownKeyIDs: Sendable {
    static let countMax = 1_000
    static let absentForSeconds: Int64 = 60

    private var asked: [[UInt8]: Int64] = [:]
    private var inQuestion: [[UInt8]: Int64] = [:]
    private var absent: [[UInt8]: Int64] = [:]

    /// Whether a fetch within the last minute showed that the issuer has no such key; otherwise the id is asked for.
    mutating func isAbsent(_ keyID: [UInt8], nowSeconds: Int64) -> Bool {
        if let since = absent[keyID] {
            if nowSeconds >= since, nowSeconds < since + Self.absentForSeconds { return true }
            absent[keyID] = nil
        }
        if asked.count < Self.countMax { asked[keyID] = nowSeconds }
        return false
    }

    /// The ids asked for so far will be answered by the fetch that begins.
    mutating func fetchBegins() {
        inQuestion = asked
        asked = [:]
    }

    /// What a fetch brought; nil when it failed, which says nothing of any id.
    mutating func fetchEnded(_ keySet: KeySet?) {
        defer { inQuestion = [:] }
        guard let keySet else { return }
        if absent.count + inQuestion.count > Self.countMax { absent = [:] }
        for (keyID, since) in inQuestion where !keySet.names(keyID) { absent[keyID] = since }
        arePresent(in: keySet)
    }

    /// A set came of which it is not known whether it answers any question.
    mutating func arePresent(in keySet: KeySet) {
        for entry in keySet.entries {
            if let keyID = entry.keyID { absent[keyID] = nil }
        }
    }
}

extension KeySet {
    fileprivate func names(_ keyID: [UInt8]) -> Bool {
        entries.contains { $0.keyID == keyID }
    }
}
