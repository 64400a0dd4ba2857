import Routing

/// What this node was told while the store was away, the last word for each instance; bounded.
struct PendingRegistrations: Sendable {
    /// One instance.
    struct Key: Sendable, Hashable {
        let agent: ExactText
        let instance: ExactText

        init(agent: String, instance: String) {
            self.agent = ExactText(agent)
            self.instance = ExactText(instance)
        }
    }

    enum Change: Sendable, Hashable {
        /// A registration or heartbeat, which holds until then.
        case put(RegistrationRequest, untilNanoseconds: Int64)
        case remove(owner: String)
    }

    struct Entry: Sendable {
        let key: Key
        let change: Change
        fileprivate let number: UInt64
    }

    private var entries: [Key: Entry] = [:]
    private var nextNumber: UInt64 = 0
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    var count: Int { entries.count }

    /// Notes a change; the newest takes the place of the one before.
    mutating func note(_ change: Change, _ key: Key) {
        guard entries[key] != nil || entries.count < countMax else { return }
        nextNumber += 1
        entries[key] = Entry(key: key, change: change, number: nextNumber)
    }

    /// A newer word of the same instance reached the store.
    mutating func forget(_ key: Key) {
        entries[key] = nil
    }

    /// What is to be written; registrations whose time is over are forgotten.
    mutating func due(nowNanoseconds now: Int64) -> [Entry] {
        entries = entries.filter { _, entry in
            guard case .put(_, let until) = entry.change else { return true }
            return until > now
        }
        return entries.values.sorted { $0.number < $1.number }
    }

    /// It was written, or never will be; a newer word of the same instance stays.
    mutating func done(_ entry: Entry) {
        if entries[entry.key]?.number == entry.number { entries[entry.key] = nil }
    }
}
