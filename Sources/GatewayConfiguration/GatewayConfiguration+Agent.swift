import Documents
import IntentProtocol

extension GatewayConfiguration {
    /// An agent known from the start.
    package struct Agent: Sendable, Hashable {
        /// An intent it answers.
        package struct Intent: Sendable, Hashable {
            /// The intent's name, or `*`.
            package var name = ""
            /// The exact version, or `*`.
            package var version = "1.0"

            /// The defaults above.
            package init() {}
        }

        /// A place where it runs.
        package struct Instance: Sendable, Hashable {
            /// Unique within the agent; nil means the URL.
            package var id: String?
            /// Where it is called.
            package var url = ""

            /// The defaults above.
            package init() {}
        }

        /// Unique within the gateway.
        package var name = ""
        /// The node it belongs to; nil when it is local.
        package var nodeId: String?
        /// Smaller comes first among agents of the same intent.
        package var nodePriority = 100
        /// The service that its instances must show to be.
        package var principal: String?
        /// What it answers.
        package var intents: [Intent] = []
        /// Where it runs.
        package var instances: [Instance] = []

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Agent: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required("name", \.name, .text(bytesMax: 128), "The agent's name, unique within the gateway."),
        .optional("nodeId", \.nodeId, .text(bytesMax: 128), "The node it belongs to; agents without one come first."),
        .value(
            "nodePriority", \.nodePriority, .integer(0...1_000_000),
            "Smaller comes first; at equal priority before every registered agent."),
        .optional(
            "principal", \.principal, .principal, absent: "a certificate of the host",
            "The service that its https instances must show to be: `cluster.local/ns/default/sa/worker`."),
        .sections(
            "intents", \.intents, isRequired: true, countMax: 256,
            identity: { ("name", $0.name.isEmpty ? "" : "\($0.name):\($0.version)") }, "What it answers."),
        .sections(
            "instances", \.instances, countMax: 1_000, identity: { ($0.id == nil ? "url" : "id", $0.id ?? $0.url) },
            "Where it runs."),
    ]

    func check(_ reader: SectionReader) {
        if let principal, let plain = instances.first(where: { !$0.url.lowercased().hasPrefix("https://") }) {
            reader.fields.error(
                "\(reader.fields.place("principal")) \(principal) cannot be shown by '\(plain.url)'; use https",
                at: "principal")
        }
        if name == "gateway" {
            reader.fields.error(
                "\(reader.fields.place("name")) 'gateway' is the gateway's own in answers; choose another", at: "name")
        }
        guard instances.isEmpty, !name.isEmpty else { return }
        reader.fields.warning(
            "\(reader.fields.path) has no instances: it answers only once one has registered", at: "instances")
    }
}

extension GatewayConfiguration.Agent.Intent: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required("name", \.name, .text(), "The intent's name, or `*` for any."),
        .value(
            "version", \.version, .text(),
            "The exact version, in quotes, or \"*\" for any; the default is the version that a client sends by default."
        ),
    ]
}

extension GatewayConfiguration.Agent.Instance: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optional("id", \.id, .text(bytesMax: 128), absent: "the URL", "Unique within the agent."),
        .required("url", \.url, .url(["http", "https"]), "Where it is called: `http://127.0.0.1:9001/execute-agent`."),
    ]
}

extension ValueKind where Value == String {
    /// `trust-domain/ns/namespace/sa/account`: the ID of a service without its scheme.
    fileprivate static var principal: ValueKind {
        principal(expectation: "a principal such as cluster.local/ns/default/sa/worker") { $0 }
    }

    /// The same with `{agent}` for the name of an agent.
    static var workerPrincipal: ValueKind {
        principal(expectation: "a principal such as cluster.local/ns/agents/sa/{agent}") {
            $0.replacing("{agent}", with: "agent")
        }
    }

    private static func principal(
        expectation: String, filled: @escaping @Sendable (String) -> String
    ) -> ValueKind {
        let text = ValueKind.text(bytesMax: 2_048)
        let accepts: @Sendable (String) -> Bool = { template in
            let text = filled(template)
            guard let id = try? SPIFFEID(principal: text.utf8) else { return false }
            return !id.isTrustDomain
        }
        return ValueKind(
            type: "principal", expectation: expectation,
            parse: { text.parse($0).flatMap { accepts($0) ? $0 : nil } },
            parseVariable: { accepts($0) ? $0 : nil }, show: { $0 })
    }
}
