/// What one connection holds of requests and answers, and what it has taken of ``BufferedBytes`` for it.
struct HeldBytes {
    /// What a connection may hold without asking: their number is bounded too.
    static let ownBytes = 64 << 10
    private static let stepBytes = 64 << 10

    private(set) var count = 0
    private var taken = 0

    /// - Returns: false, and nothing has changed, where all connections or those of the peer would hold more than they may.
    mutating func grow(to bytes: Int, in all: BufferedBytes, for peer: PeerNetwork?) -> Bool {
        let wanted = Self.taken(for: bytes)
        if wanted > taken {
            guard all.take(wanted - taken, for: peer) else { return false }
            taken = wanted
        }
        count = max(count, bytes)
        return true
    }

    mutating func shrink(to bytes: Int, in all: BufferedBytes, for peer: PeerNetwork?) {
        count = min(count, bytes)
        let wanted = Self.taken(for: count)
        guard wanted < taken else { return }
        all.giveBack(taken - wanted, of: peer)
        taken = wanted
    }

    private static func taken(for bytes: Int) -> Int {
        (max(bytes - ownBytes, 0) + stepBytes - 1) / stepBytes * stepBytes
    }
}
