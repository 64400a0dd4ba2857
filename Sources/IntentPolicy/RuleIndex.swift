/// Which rules can match an intent at all, found by a few look-ups when there are many rules.
///
/// Names are compared as bytes, as patterns compare them: Swift's strings also call equal what Unicode calls equivalent,
/// and a rule left out here is a rule that does not deny.
struct RuleIndex: Sendable {
    /// Rules by a name that they spell out, by the text that a pattern of theirs begins with, and by the text that one
    /// ends with which begins with a star.
    private let byName: [[UInt8]: [Int]]
    private let byHead: [[UInt8]: [Int]]
    private let byTail: [[UInt8]: [Int]]
    /// The lengths that heads and tails have, rising, each once.
    private let headLengths: [Int]
    private let tailLengths: [Int]
    /// Rules that any intent may match: without intents, or with a pattern that begins and ends with a star.
    private let others: [Int]
    private let isList: Bool

    /// Fewer rules than this are tried one after the other.
    private static let rulesMin = 16

    init(_ rules: [PolicyRule], dialect: PolicyDialect) {
        isList = rules.count < Self.rulesMin
        var byName: [[UInt8]: [Int]] = [:]
        var byHead: [[UInt8]: [Int]] = [:]
        var byTail: [[UInt8]: [Int]] = [:]
        var others: [Int] = []
        for place in rules.indices {
            let intents = Set((rules[place].intents ?? []).map { Key($0, isGlob: dialect == .glob) })
            guard !isList, !intents.isEmpty, !intents.contains(.any) else {
                others.append(place)
                continue
            }
            for intent in intents {
                switch intent {
                case .name(let bytes): byName[bytes, default: []].append(place)
                case .head(let bytes): byHead[bytes, default: []].append(place)
                case .tail(let bytes): byTail[bytes, default: []].append(place)
                case .any: break
                }
            }
        }
        self.byName = byName
        self.byHead = byHead
        self.byTail = byTail
        self.others = others
        headLengths = Set(byHead.keys.map(\.count)).sorted()
        tailLengths = Set(byTail.keys.map(\.count)).sorted()
    }

    /// What every name that a pattern matches has in common.
    private enum Key: Hashable {
        case name([UInt8])
        case head([UInt8])
        case tail([UInt8])
        case any

        init(_ pattern: String, isGlob: Bool) {
            let bytes = Array(pattern.utf8)
            let star = UInt8(ascii: "*")
            guard isGlob, let first = bytes.firstIndex(of: star), let last = bytes.lastIndex(of: star) else {
                self = .name(bytes)
                return
            }
            if first > 0 {
                self = .head(Array(bytes[..<first]))
            } else {
                self = last + 1 < bytes.count ? .tail(Array(bytes[(last + 1)...])) : .any
            }
        }
    }

    /// The places of the rules in question, rising; a superset of those that match.
    func places(for intent: String) -> [Int] {
        guard !isList else { return others }
        let name = Array(intent.utf8)
        var found = byName[name] ?? []
        for length in headLengths where length <= name.count {
            if let places = byHead[Array(name[..<length])] { found += places }
        }
        for length in tailLengths where length <= name.count {
            if let places = byTail[Array(name[(name.count - length)...])] { found += places }
        }
        guard !found.isEmpty else { return others }
        found += others
        found.sort()
        var last = -1
        return found.filter { place in
            defer { last = place }
            return place != last
        }
    }
}
