/// Asks the admin API of a node, from a thread that is not of Swift's pool.
struct AdminClient: Sendable {
    static let administrator = "intentusnet-admin"
    static let viewer = "intentusnet-viewer"

    let node: TestNode
    var token: String?

    /// A node whose admin API lets tokens of roles in.
    ///
    /// - Parameter access: more keys of `admin.access`, as flow-style YAML with a comma in front.
    static func access(_ access: String = "") -> String {
        ", access: { failuresPerMinute: 1000\(access) }"
    }

    init(_ node: TestNode, role: String? = administrator) throws {
        self.node = node
        token = try role.map { try TestNode.token(subject: "operator", roles: [$0]) }
    }

    func get(_ path: String) async throws -> SocketClient.Reply {
        let (port, token) = (node.adminPort, token)
        return try await offPool {
            try SocketClient(port: port).request("GET", "/admin/v1/\(path)", token: token)
        }
    }

    func post(_ path: String, _ body: String = "{}") async throws -> SocketClient.Reply {
        try await ask("POST", path, body)
    }

    func ask(_ method: String, _ path: String, _ body: String) async throws -> SocketClient.Reply {
        let (port, token) = (node.adminPort, token)
        return try await offPool {
            try SocketClient(port: port).request(method, "/admin/v1/\(path)", body: body, token: token)
        }
    }

    /// Sends a request as it is, without the lines that a client of ours would add.
    func raw(_ head: [String], _ body: String = "") async throws -> SocketClient.Reply {
        let port = node.adminPort
        return try await offPool {
            let client = try SocketClient(port: port)
            try client.send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
            return try client.receive()
        }
    }

    /// The audit records of the admin API.
    func records() throws -> [[String: Any]] {
        try node.auditLines().filter { $0["event"] as? String == "admin_action" }
    }

    /// The last audit record of an action.
    func record(_ action: String) throws -> [String: Any]? {
        try records().last { $0["action"] as? String == action }
    }
}
