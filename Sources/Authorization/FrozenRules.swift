import IntentProtocol

/// All rules, ready to be compared.
final class FrozenRules: Sendable {
    private let rows: FrozenArray<RuleRow>
    private let alternatives: FrozenArray<TermRange>
    private let terms: FrozenArray<Term>
    private let patterns: FrozenArray<Pattern>
    private let templateParts: FrozenArray<Pattern>
    private let bytes: FrozenArray<UInt8>
    private let blocks: FrozenArray<AddressBlock>
    let headerNames: [[UInt8]]
    let claimPaths: [[[UInt8]]]

    init(_ table: RuleTable) {
        rows = FrozenArray(table.rows)
        alternatives = FrozenArray(table.alternatives)
        terms = FrozenArray(table.terms)
        patterns = FrozenArray(table.patterns)
        templateParts = FrozenArray(table.templateParts)
        bytes = FrozenArray(table.bytes)
        blocks = FrozenArray(table.blocks)
        headerNames = table.headerNames
        claimPaths = table.claimPaths
    }

    /// Looks at the rules together with a request; what is handed in is valid until the body returns.
    func with<Answer>(
        _ request: borrowing AuthorizationRequest, path: ArraySlice<UInt8>,
        _ body: (borrowing RuleView, borrowing RequestView) -> Answer
    ) -> Answer {
        let rules = RuleView(
            rows: rows.buffer, alternatives: alternatives.buffer, terms: terms.buffer, patterns: patterns.buffer,
            templateParts: templateParts.buffer, bytes: UnsafeRawBufferPointer(bytes.buffer), blocks: blocks.buffer)
        return RequestView.with(request, path: path, headerNames: headerNames, claimPaths: claimPaths) { view in
            withExtendedLifetime(self) { body(rules, view) }
        }
    }
}
