import ArgumentParser
import IntentProtocol

/// `intentusnet nodes`: the gateways of a cluster, as one of them knows them.
struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes", abstract: "List the gateways of a cluster and how busy they are.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        try await plane.show("/admin/v1/nodes") { page in
            TextTable(
                columns: [
                    ("NAME", .left), ("ADDRESS", .left), ("VERSION", .left), ("SINCE", .left), ("REQ/S", .right),
                    ("IN FLIGHT", .right), ("ID", .left),
                ],
                rows: (page["nodes"]?.arrayValue ?? []).compactMap(\.objectValue).map(Self.row), none: "no nodes")
        }
    }

    private static func row(_ node: JSONObject) -> [String] {
        let mark = node["isThisNode"]?.boolValue == true ? " (this one)" : ""
        return [
            Cell.text(node["name"]) + mark, Cell.text(node["address"]), Cell.text(node["version"]),
            Cell.second(node["startedAt"]), Cell.text(node["requestsPerSecond"]), Cell.text(node["requestsInFlight"]),
            Cell.text(node["id"]),
        ]
    }
}
