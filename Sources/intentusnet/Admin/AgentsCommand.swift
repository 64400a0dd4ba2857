import ArgumentParser
import IntentProtocol

/// `intentusnet agents`: what is registered, a line for each instance.
struct AgentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agents", abstract: "List agents, their intents and instances, and how those stand.",
        discussion: "A renewal that went to another gateway is not known to this one: it shows as -.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        try await plane.show("/admin/v1/agents") { page in
            TextTable(
                columns: [
                    ("AGENT", .left), ("SOURCE", .left), ("INTENTS", .left), ("INSTANCE", .left), ("URL", .left),
                    ("HEALTH", .left), ("IN FLIGHT", .right), ("RENEWED", .left),
                ],
                rows: (page["agents"]?.arrayValue ?? []).compactMap(\.objectValue).flatMap(Self.rows),
                none: "no agents")
        }
    }

    private static func rows(_ agent: JSONObject) -> [[String]] {
        let intents = (agent["intents"]?.arrayValue ?? []).compactMap(\.objectValue)
            .map { "\(Cell.text($0["name"])):\(Cell.text($0["version"]))" }.joined(separator: " ")
        let head = [Cell.text(agent["name"]), Cell.text(agent["source"]), intents]
        let instances = (agent["instances"]?.arrayValue ?? []).compactMap(\.objectValue)
        guard !instances.isEmpty else { return [head + ["no instance", "-", "-", "-", "-"]] }
        return instances.map { instance in
            head + [
                Cell.text(instance["id"]), Cell.text(instance["url"]), Cell.text(instance["health"]),
                Cell.text(instance["inFlight"]), Cell.second(instance["lastRenewedAt"]),
            ]
        }
    }
}
