/// What is told of a link: each change once, and of a server that takes us and drops us again nothing until it keeps us.
struct LinkNews: Sendable {
    private static let reasonsMax = 16

    private var told: Set<String> = []
    private var isUnsteady = false

    /// A connection is ready.
    mutating func connected(to address: RedisAddress) -> RedisEvent? {
        isUnsteady ? nil : .connected(address)
    }

    /// The connection has lasted.
    mutating func lasted(to address: RedisAddress) -> RedisEvent? {
        told = []
        defer { isUnsteady = false }
        return isUnsteady ? .connected(address) : nil
    }

    /// The connection has ended.
    mutating func lost(_ address: RedisAddress, reason: String, hadLasted: Bool) -> RedisEvent? {
        isUnsteady = !hadLasted
        return isNew(reason) ? .lost(address, reason: reason) : nil
    }

    /// No connection could be made.
    mutating func failed(_ name: String, reason: String) -> RedisEvent? {
        isNew(reason) ? .unreachable(name, reason: reason) : nil
    }

    private mutating func isNew(_ reason: String) -> Bool {
        guard told.count < Self.reasonsMax else { return false }
        return told.insert(reason).inserted
    }
}
