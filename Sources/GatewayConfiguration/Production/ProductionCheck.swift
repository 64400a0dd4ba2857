/// One line of the production guide's checklist, as far as a program can verify it.
package struct ProductionCheck: Sendable {
    /// Stable, for scripts: `tls.listener`.
    package let id: String
    /// What it is about, for a table.
    package let title: String
    /// Where it is decided, when nothing is wrong there.
    let place: String
    /// What is so when nothing is found against it.
    let fulfilled: String
    let look: @Sendable (GatewayConfiguration, ProductionFacts, inout ProductionNotes) -> Void

    init(
        _ id: String, _ title: String, at place: String, fulfilled: String,
        _ look: @escaping @Sendable (GatewayConfiguration, ProductionFacts, inout ProductionNotes) -> Void
    ) {
        self.id = id
        self.title = title
        self.place = place
        self.fulfilled = fulfilled
        self.look = look
    }

    /// Every check, in the order of the guide.
    package static let all: [ProductionCheck] = transport + callers + rules + sealing + secrets + records + operation

    /// What this check finds: at least one finding.
    package func findings(_ configuration: GatewayConfiguration, _ facts: ProductionFacts) -> [ProductionFinding] {
        var notes = ProductionNotes(id)
        look(configuration, facts, &notes)
        if notes.findings.isEmpty { notes.ok(place, fulfilled) }
        return notes.findings
    }

    /// What all checks find.
    package static func run(_ configuration: GatewayConfiguration, _ facts: ProductionFacts) -> [ProductionFinding] {
        all.flatMap { $0.findings(configuration, facts) }
    }
}
