import Foundation
import IntentProtocol
import Routing
import Testing

/// Requests that the Python package's router was run on, `Tests/Vectors/intentusnet/routing.json`.
struct RoutingVectors: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let id: String
        let agents: [Agent]
        let intent: Intent
        let routing: Request
        let candidateOrder: [String]
        let response: Response
        let decisionPath: [String]
        let strategyGivenAsPlainString: Bool?
        var testDescription: String { id }

        func snapshot() throws -> Directory {
            let store = DirectoryStore()
            let agents = agents.map { ConfiguredAgent(definition: $0.definition, instances: []) }
            try store.replaceStatic(agents)
            return store.snapshot
        }
    }

    struct Agent: Decodable, Sendable {
        enum Mode: String, Decodable { case ok, error, raise }

        let name: String
        let nodePriority: Int
        let nodeId: String?
        let mode: Mode
        let capabilities: [[String]]

        var definition: AgentDefinition {
            AgentDefinition(
                name: name, nodeId: nodeId, nodePriority: nodePriority,
                capabilities: capabilities.map { Capability(intent: $0[0], version: $0[1]) })
        }

        /// The answer of the package's test agents.
        var reply: Response {
            switch mode {
            case .ok: Response(status: "success", metadata: .init(agent: name), error: nil)
            case .error:
                Response(
                    status: "error", metadata: .init(agent: name),
                    error: .init(code: "AGENT_ERROR", message: "\(name) refused"))
            case .raise:
                Response(
                    status: "error", metadata: .init(agent: name),
                    error: .init(code: "INTERNAL_AGENT_ERROR", message: "\(name) crashed"))
            }
        }
    }

    struct Intent: Decodable, Sendable {
        let name: String
        let version: String
    }

    struct Request: Decodable, Sendable {
        let strategy: String
        let targetAgent: String?
    }

    struct Response: Decodable, Sendable, Equatable {
        struct Metadata: Decodable, Sendable, Equatable { var agent: String }
        struct Failure: Decodable, Sendable, Equatable {
            let code: String
            let message: String
        }

        let status: String
        var metadata: Metadata
        let error: Failure?
    }

    let cases: [Case]

    static func load() throws -> [Case] {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../Vectors/intentusnet/routing.json").standardized
        return try JSONDecoder().decode(RoutingVectors.self, from: Data(contentsOf: file)).cases
    }
}
