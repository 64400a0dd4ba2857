/// Who is there, as far as this node knows: answers and failures in, the list out, no clock.
///
/// While the store is away the last known list stands. When it is back it may have lost everything: nodes that it does
/// not know yet are kept for one time to live more, so that nobody takes the whole of a limit for its share meanwhile.
struct NodeListState: Sendable {
    private enum Contact: Sendable {
        case none, present, lost
    }

    private(set) var nodes: [NodeRecord] = []
    private var contact = Contact.none
    private var lingersUntilMilliseconds = Int64.min
    private let lingerMilliseconds: Int64

    init(lingerMilliseconds: Int64) {
        self.lingerMilliseconds = lingerMilliseconds
    }

    /// The store answered.
    mutating func answered(_ records: [NodeRecord], nowMilliseconds now: Int64) {
        if contact == .lost { lingersUntilMilliseconds = now + lingerMilliseconds }
        contact = .present
        var next: [String: NodeRecord] = [:]
        if now < lingersUntilMilliseconds {
            for node in nodes { next[node.id] = node }
        }
        for record in records { next[record.id] = record }
        nodes = next.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// The store did not answer.
    ///
    /// - Returns: whether that is news.
    mutating func failed() -> Bool {
        defer { contact = .lost }
        return contact != .lost
    }

    /// Whether the store does not answer, or has not yet.
    var isAway: Bool { contact != .present }
}
