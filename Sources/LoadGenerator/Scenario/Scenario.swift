package import Documents
import IntentProtocol

/// A load test as a file says it. `LoadTests.md` lists the keys; the tables below are where they come from.
package struct Scenario: ScenarioSection, Sendable {
    package var targets: [ScenarioTarget] = []
    package var arrivals: [ScenarioArrivals] = []
    package var replay: ScenarioReplay?
    package var spacing = ArrivalSchedule.Spacing.uniform
    package var warmUpSeconds: Double?
    package var mix: [ScenarioEntry] = []
    package var callers: [ScenarioCaller] = []
    package var tls: ScenarioTLS?
    package var keyRingFile: String?
    package var connections = 64
    package var threads = 1
    package var timeoutMilliseconds = 5_000
    package var inFlightMax = 10_000
    package var seed = 1
    package var failIf: [String] = []

    package init() {}

    static var keys: [ScenarioKey<Scenario>] {
        [
            .sections("targets", \.targets, "The gateways that are called; at least one."),
            .sections("arrivals", \.arrivals, "When requests are due: parts one after the other. Excludes `replay`."),
            .section("replay", \.replay, "Sends at the times that a file tells. Excludes `arrivals`."),
            .word(
                "spacing", \.spacing, default: .uniform,
                "How requests lie within their rate: at equal distances, or at random as those of many clients."),
            .number(
                "warmUpSeconds", \.warmUpSeconds, 0...3_600, default: "0",
                "Sent before the first part, at its rate, and not counted. Not with `replay`."),
            .sections("mix", \.mix, "What is asked; at least one entry."),
            .sections(
                "callers", \.callers, default: "one without a token", "Who asks: tokens, and so subjects and tenants."),
            .section("tls", \.tls, "How https is spoken; the system's authorities without it."),
            .text(
                "keyRingFile", \.keyRingFile,
                "Seals every envelope (EMCL, profile v2) by this key ring; results must come sealed too."),
            .integer(
                "connections", \.connections, 1...50_000, default: 64,
                "Kept connections to each target. One request at a time goes over each; what is due meanwhile waits, and its waiting counts."
            ),
            .integer("threads", \.threads, 1...64, default: 1, "Event loops that send; one a core at most."),
            .integer(
                "timeoutMilliseconds", \.timeoutMilliseconds, 1...600_000, default: 5_000,
                "From when a request is due; told to the gateway as `x-intentus-timeout-ms`."),
            .integer(
                "inFlightMax", \.inFlightMax, 1...1_000_000, default: 10_000,
                "Requests under way; what is due beyond them is not sent and counted as `missed`."),
            .integer(
                "seed", \.seed, 0...Int.max, default: 1, "The same seed sends the same requests at the same times."),
            .texts(
                "failIf", \.failIf, default: "[]", "Thresholds such as `p99>50ms`; the run fails where one is true."),
        ]
    }

    /// The rows of the reference table.
    package static var reference: [ScenarioReference] { references() }

    /// Reads a file's text: YAML where its name says so, JSON otherwise.
    ///
    /// - Parameter flags: keys that take the place of the file's, as JSON; `arrivals` take that of a replay too.
    /// - Throws: everything that is wrong, each with its place.
    package static func read(_ text: String, file: String, flags: String = "{}") throws(DiagnosticError) -> Scenario {
        let ours = try DocumentParser.json(flags, file: flagsName)
        let theirs = text.isEmpty ? ours : try DocumentParser.document(text, file: file)
        let diagnostics = Diagnostics()
        var fields = FieldReader(theirs.overridden(by: ours), into: diagnostics)
        let scenario = Scenario(reading: &fields)
        if fields.isMapping { scenario.check(fields) }
        guard !diagnostics.hasErrors else {
            // A place in a text that nobody has written helps nobody.
            throw DiagnosticError(
                diagnostics.errors.map { error in
                    error.location?.file == flagsName ? Diagnostic(error.severity, error.message) : error
                })
        }
        return scenario
    }

    private static let flagsName = "flags"
}

extension DocumentNode {
    /// The same mapping with the members of another one in the place of its own.
    fileprivate func overridden(by other: DocumentNode) -> DocumentNode {
        guard let members = mapping, let others = other.mapping, !others.isEmpty else { return self }
        let gone = Set(others.map(\.key)).union(other["arrivals"] == nil ? [] : ["replay"])
        return DocumentNode(.mapping(members.filter { !gone.contains($0.key) } + others), at: location)
    }
}
