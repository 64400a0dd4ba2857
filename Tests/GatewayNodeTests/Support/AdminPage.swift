/// Reads the admin plane, whose handlers run on the threads of Swift's own pool: a test must not block those meanwhile.
enum AdminPage {
    static func get(_ path: String, port: Int) async throws -> SocketClient.Reply {
        try await offPool { try SocketClient(port: port).request("GET", path) }
    }

    /// The metrics as text.
    static func metrics(_ node: TestNode) async throws -> String {
        String(decoding: try await get("/metrics", port: node.adminPort).body, as: UTF8.self)
    }

    /// The value of a series, nil when it is not there.
    static func metric(_ series: String, _ node: TestNode) async throws -> Double? {
        try await metrics(node).split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
    }
}
