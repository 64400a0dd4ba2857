import AdminServer
import Foundation
import GatewayHTTP
import GatewayNode
import Testing

/// The OpenAPI document against the routes of the code, both ways, and against a running node.
@Suite("The OpenAPI document")
struct OpenAPIRouteTests {
    private static let methods: Set<String> = ["get", "head", "post", "put", "delete"]

    private func operations(_ node: TestNode) async throws -> [String: [String: Any]] {
        let reply = try await AdminPage.get("/admin/v1/openapi.json", port: node.adminPort)
        #expect(reply.status == 200 && reply.json["openapi"] as? String == "3.1.0")
        let paths = try #require(reply.json["paths"] as? [String: [String: Any]])
        var operations: [String: [String: Any]] = [:]
        for (path, item) in paths {
            for (method, operation) in item where Self.methods.contains(method) {
                operations["\(method.uppercased()) \(path)"] = operation as? [String: Any]
            }
        }
        return operations
    }

    @Test("every route of the code is in the document, and every path and method of the document is a route")
    func routes() async throws {
        let node = try await TestNode()
        let documented = Set(try await operations(node).keys)
        let admin = AdminPlace.allCases.flatMap { place in place.methods.map { "\($0.rawValue) \(place.pattern)" } }
        let data = DataPlane.paths.flatMap { route in route.methods.map { "\($0.rawValue) \(route.pattern)" } }
        let coded = Set(admin + data)
        #expect(coded.subtracting(documented).isEmpty, "not documented: \(coded.subtracting(documented).sorted())")
        #expect(documented.subtracting(coded).isEmpty, "no route: \(documented.subtracting(coded).sorted())")
        await node.stop()
    }

    @Test("every path and method of the document answers on its own port alone, with a status that the document names")
    func answers() async throws {
        let node = try await TestNode(
            admin: AdminClient.access(", actionsPerMinute: 10000"), hasOwnIssuer: true)
        let token = try TestNode.token(roles: [AdminClient.administrator, "user"])
        let open = try await TestNode()
        let operations = try await operations(open)
        await open.stop()
        let (dataPort, adminPort) = (node.port, node.adminPort)
        for (name, operation) in operations.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: " ").map(String.init)
            let path = parts[1].replacing("{name}", with: "a").replacing("{id}", with: "i")
            let isData = path == "/" || path.hasPrefix("/api") || path == "/intent"
            let (own, foreign) = isData ? (dataPort, adminPort) : (adminPort, dataPort)
            let reply = try await status(parts[0], path, port: own, token: token)
            let statuses = Set((operation["responses"] as? [String: Any] ?? [:]).keys)
            #expect(statuses.contains("\(reply)") && reply != 405 && reply < 500, "\(name): \(reply)")
            let stranger = try await status(parts[0], path, port: foreign, token: token)
            #expect([404, 400].contains(stranger), "\(name) on the other port: \(stranger)")
        }
        await node.stop()
    }

    /// The status alone: an answer to HEAD has no body, whatever its head says.
    private func status(_ method: String, _ path: String, port: Int, token: String) async throws -> Int {
        try await offPool {
            let client = try SocketClient(port: port)
            try client.send(
                "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n"
                    + "Content-Type: application/json\r\n\r\n")
            let text = String(decoding: try client.receiveSome() ?? [], as: UTF8.self)
            return Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0
        }
    }
}
