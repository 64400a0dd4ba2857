import ArgumentParser
import IntentProtocol

/// What is drained: the node that is asked, an agent, or one instance of it.
struct DrainTarget: ParsableArguments {
    @Option(help: "An agent; the gateway node itself without it.")
    var agent: String?

    @Option(help: "One instance of the agent.")
    var instance: String?

    func validate() throws {
        guard instance == nil || agent != nil else { throw ValidationError("--instance needs --agent") }
    }

    func path(_ verb: String) -> String {
        guard let agent else { return "/admin/v1/node/\(verb)" }
        let instance = instance.map { "/instances/\(AdminPath.segment($0))" } ?? ""
        return "/admin/v1/agents/\(AdminPath.segment(agent))\(instance)/\(verb)"
    }
}

/// `intentusnet admin drain`
struct AdminDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Take a node, an agent or an instance out of service; what is under way finishes.",
        discussion: """
            A drained node is not ready and ends each connection behind its answer; it refuses nobody and its process goes on. A \
            drained agent or instance has no new calls from any gateway of the cluster, for --ttl-seconds at most.
            """)

    @OptionGroup var plane: AdminPlane
    @OptionGroup var target: DrainTarget

    @Option(help: "For how long an agent or an instance stays drained; a day without it.")
    var ttlSeconds: Int?

    func validate() throws {
        guard ttlSeconds == nil || target.agent != nil else { throw ValidationError("--ttl-seconds needs --agent") }
    }

    func run() async throws {
        var body = JSONObject()
        if let ttlSeconds { body["ttlSeconds"] = .number(JSONNumber(ttlSeconds)) }
        try await plane.act(.post, target.path("drain"), body)
    }
}

/// `intentusnet admin undrain`
struct AdminUndrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain", abstract: "Put a node, an agent or an instance back into service.")

    @OptionGroup var plane: AdminPlane
    @OptionGroup var target: DrainTarget

    func run() async throws {
        try await plane.act(.post, target.path("undrain"))
    }
}
