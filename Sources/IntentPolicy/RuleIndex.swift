/// Which rules can match an intent at all, found by a few look-ups when there are many rules.
///
/// Names are compared as bytes, as patterns compare them: Swift's strings also call equal what Unicode calls equivalent,
/// and a rule left out here is a rule that does not deny.
struct RuleIndex: Sendable {
    /// Rules by a name that they spell out, and by the text that a pattern of theirs begins with.
    private let byName: [[UInt8]: [Int]]
    private let byHead: [[UInt8]: [Int]]
    /// The lengths that heads have, rising, each once.
    private let headLengths: [Int]
    /// Rules that any intent may match: without intents, or with a pattern that begins with a star.
    private let others: [Int]
    private let isList: Bool

    /// Fewer rules than this are tried one after the other.
    private static let rulesMin = 16

    init(_ rules: [PolicyRule], dialect: PolicyDialect) {
        isList = rules.count < Self.rulesMin
        var byName: [[UInt8]: [Int]] = [:]
        var byHead: [[UInt8]: [Int]] = [:]
        var others: [Int] = []
        for place in rules.indices {
            let intents = (rules[place].intents ?? []).map { Array($0.utf8) }
            let star = UInt8(ascii: "*")
            let isGlob = dialect == .glob
            guard !isList, !intents.isEmpty, !isGlob || intents.allSatisfy({ $0.first != star }) else {
                others.append(place)
                continue
            }
            for intent in Set(intents) {
                guard isGlob, let end = intent.firstIndex(of: star) else {
                    byName[intent, default: []].append(place)
                    continue
                }
                byHead[Array(intent[..<end]), default: []].append(place)
            }
        }
        self.byName = byName
        self.byHead = byHead
        self.others = others
        headLengths = Set(byHead.keys.map(\.count)).sorted()
    }

    /// The places of the rules in question, rising; a superset of those that match.
    func places(for intent: String) -> [Int] {
        guard !isList else { return others }
        let name = Array(intent.utf8)
        var found = byName[name] ?? []
        for length in headLengths where length <= name.count {
            if let places = byHead[Array(name[..<length])] { found += places }
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
