/// One line of CLUSTER NODES.
struct ClusterNodeLine: Equatable {
    /// Which node holds what.
    struct Ownership: Equatable {
        let port: Int
        let slots: [ClosedRange<Int>]
    }

    let identifier: String
    let port: Int
    let flags: Set<String>
    let masterIdentifier: String?
    let isConnected: Bool
    /// Without those that are on the move.
    let slots: [ClosedRange<Int>]

    var isMaster: Bool { flags.contains("master") }
    /// Whether it is known, linked, and held for alive.
    var isSettled: Bool { isConnected && flags.isDisjoint(with: ["handshake", "noaddr", "fail", "fail?"]) }
    var ownership: Ownership { Ownership(port: port, slots: slots) }

    /// - Throws: `FixtureError` on a line of another form.
    static func lines(of text: String) throws -> [ClusterNodeLine] {
        try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard words.count >= 8, let port = words[1].split(separator: "@")[0].split(separator: ":").last,
                let number = Int(port)
            else { throw FixtureError("no line of CLUSTER NODES: \(line)") }
            return ClusterNodeLine(
                identifier: String(words[0]), port: number, flags: Set(words[2].split(separator: ",").map(String.init)),
                masterIdentifier: words[3] == "-" ? nil : String(words[3]), isConnected: words[7] == "connected",
                slots: words.dropFirst(8).compactMap(range))
        }
    }

    private static func range(_ word: Substring) -> ClosedRange<Int>? {
        let ends = word.split(separator: "-").compactMap { Int($0) }
        guard !word.hasPrefix("["), let first = ends.first, let last = ends.last else { return nil }
        return first...last
    }
}
