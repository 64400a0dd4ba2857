/// The rules of all policies with one action, found by principal or path where they name one in full.
struct RuleSet: Sendable {
    private let byPrincipal: ByteKeyTable
    private let byPath: ByteKeyTable
    /// Rules that are tried for every request.
    private let others: [Int32]
    /// How many policies there are, those without rules included.
    let policyCount: Int
    /// All rules in the order of their policies.
    let rows: [Int32]

    init(_ rows: [Int], policyCount: Int, _ table: RuleTable) {
        var byPrincipal: [[UInt8]: [Int32]] = [:]
        var byPath: [[UInt8]: [Int32]] = [:]
        var others: [Int32] = []
        for row in rows {
            if let principals = Self.exactValues(of: .principal, table.rows[row], table) {
                for principal in principals { byPrincipal[principal, default: []].append(Int32(row)) }
            } else if let paths = Self.exactValues(of: .path, table.rows[row], table) {
                for path in paths { byPath[path, default: []].append(Int32(row)) }
            } else {
                others.append(Int32(row))
            }
        }
        self.byPrincipal = ByteKeyTable(byPrincipal)
        self.byPath = ByteKeyTable(byPath)
        self.others = others
        self.policyCount = policyCount
        self.rows = rows.map(Int32.init)
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The first rule that matches, in the order of the policies; nil when none does.
    func firstMatch(
        _ rules: borrowing RuleView, _ request: borrowing RequestView
    ) -> Int? {
        guard !rows.isEmpty else { return nil }
        var first = Int32.max
        if !byPrincipal.isEmpty, let principal = request.principal {
            let found = byPrincipal.values(of: principal)
            first = Self.firstMatch(byPrincipal.values, found, below: first, rules, request)
        }
        if !byPath.isEmpty {
            first = Self.firstMatch(byPath.values, byPath.values(of: request.path), below: first, rules, request)
        }
        first = Self.firstMatch(others, others.indices, below: first, rules, request)
        return first == Int32.max ? nil : Int(first)
    }

    private static func firstMatch(
        _ rows: [Int32], _ range: Range<Int>, below bound: Int32, _ rules: borrowing RuleView,
        _ request: borrowing RequestView
    ) -> Int32 {
        for place in range {
            let row = rows[place]
            guard row < bound else { return bound }
            if rules.matches(Int(row), request) { return row }
        }
        return bound
    }

    /// The values of an attribute one of which a request must have for the rule to match; nil when there is no such list.
    private static func exactValues(of attribute: TermAttribute, _ row: RuleRow, _ table: RuleTable) -> Set<[UInt8]>? {
        if let values = exactValues(of: attribute, row.conditions, table) { return values }
        let alternatives =
            attribute == .path ? row.operationsStart..<row.operationsEnd : row.sourcesStart..<row.sourcesEnd
        guard !alternatives.isEmpty else { return nil }
        var values: Set<[UInt8]> = []
        for place in alternatives {
            guard let more = exactValues(of: attribute, table.alternatives[Int(place)], table) else { return nil }
            values.formUnion(more)
        }
        return values
    }

    private static func exactValues(
        of attribute: TermAttribute, _ range: TermRange, _ table: RuleTable
    ) -> Set<[UInt8]>? {
        for term in table.terms[Int(range.start)..<Int(range.end)] where term.attribute == attribute && !term.isNegated
        {
            let patterns = table.patterns[Int(term.patternsStart)..<Int(term.patternsEnd)]
            guard patterns.allSatisfy({ $0.kind == .exact }) else { continue }
            return Set(patterns.map { Array(table.bytes[Int($0.start)..<Int($0.start + $0.count)]) })
        }
        return nil
    }
}
