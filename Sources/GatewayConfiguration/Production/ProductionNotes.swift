/// Collects what one check finds.
struct ProductionNotes {
    private let id: String
    private(set) var findings: [ProductionFinding] = []

    init(_ id: String) { self.id = id }

    mutating func ok(_ place: String, _ message: String) { add(.ok, place, message, nil) }

    mutating func warn(_ place: String, _ message: String, remedy: String) { add(.warning, place, message, remedy) }

    mutating func fail(_ place: String, _ message: String, remedy: String) { add(.failure, place, message, remedy) }

    private mutating func add(
        _ outcome: ProductionFinding.Outcome, _ place: String, _ message: String, _ remedy: String?
    ) {
        findings.append(
            ProductionFinding(id: id, outcome: outcome, place: place, message: message, remedy: remedy))
    }
}
