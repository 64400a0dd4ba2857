import ArgumentParser
import IntentProtocol

/// `intentusnet limits`: the limits that one gateway asked most lately.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits", abstract: "List the limits that a gateway asked most lately, and how full they are.",
        discussion: "Rates are those of this gateway alone. HELD are tokens that it took ahead of use and still has.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        try await plane.show("/admin/v1/limits") { page in
            TextTable(
                columns: [
                    ("LIMIT", .left), ("KEY", .left), ("LEFT", .right), ("BURST", .right), ("PER MINUTE", .right),
                    ("HELD", .right), ("REQ/S", .right), ("REFUSED/S", .right),
                ],
                rows: (page["limits"]?.arrayValue ?? []).compactMap(\.objectValue).map(Self.row),
                none: "no limit was asked lately")
        }
    }

    private static func row(_ limit: JSONObject) -> [String] {
        let key = (limit["key"]?.arrayValue ?? []).map { Cell.text($0) }.joined(separator: ", ")
        let numbers = [
            "remainingTokens", "burstTokens", "ratePerMinute", "heldTokens", "requestsPerSecond", "refusedPerSecond",
        ]
        return [Cell.text(limit["limit"]), key] + numbers.map { Cell.text(limit[$0]) }
    }
}
