import Documents
package import IntentProtocol

extension GatewayConfiguration {
    /// Who may register agents over HTTP.
    package struct Registration: Sendable, Hashable {
        /// One permission: the agent's name, the caller (by subject or by role), and every host must fit the same one.
        package struct Rule: Sendable, Hashable {
            /// Names of agents, with `*` for any run of characters.
            package var agents: [String] = []
            /// Token subjects that may register, whatever their roles.
            package var subjects: [String] = []
            /// Roles of which one lets a caller register, whatever its subject.
            package var roles: [String] = []
            /// Services that may register, `*` at one end for any run of characters.
            package var principals: [String] = []
            /// What must say which service a caller is; empty means every proof.
            package var identitySources: [IdentitySource] = []
            /// Issuers whose tokens count; empty means every one.
            package var issuers: [String] = []
            /// Names of intents that they may answer, with `*` for any run of characters; empty means any.
            package var intents: [String] = []
            /// Hosts that instances may be at, with `*` for any run of characters; empty means any.
            package var hosts: [String] = []

            /// The defaults above.
            package init() {}
        }

        /// The permissions; the first that fits counts.
        package var allow: [Rule] = []
        /// The longest time to live of a registration.
        package var ttlSecondsMax = 60
        /// The best priority that a registered agent gets, whatever it asks for.
        package var minimumNodePriority = 100
        /// The service that instances must show to be; `{agent}` stands for the agent's name.
        package var workerPrincipal: String?

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Registration: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .sections(
            "allow", \.allow, isRequired: true, countMax: 1_000,
            "Permissions; one must fit agent, caller and host together."),
        .value(
            "ttlSecondsMax", \.ttlSecondsMax, .integer(1...600), unit: "s",
            "The longest time that a registration lives unless it is renewed."),
        .value(
            "minimumNodePriority", \.minimumNodePriority, .integer(0...1_000_000),
            "The best (smallest) `nodePriority` of a registered agent; one that asks for a better one gets this."),
        .optional(
            "workerPrincipal", \.workerPrincipal, .workerPrincipal, absent: "a certificate of the host",
            "The service that registered instances must show to be, by https alone; `{agent}` stands for the agent's name: "
                + "`cluster.local/ns/agents/sa/{agent}`."),
    ]
}

extension GatewayConfiguration.Registration.Rule: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .list(
            "agents", \.agents, of: .text(), isRequired: true,
            "Names of agents that may be registered; `*` stands for any run of characters."),
        .list(
            "subjects", \.subjects, of: .text(bytesMax: 2_048),
            "Token subjects that may register them, whatever their roles."),
        .list("roles", \.roles, of: .text(), "Roles of which one lets a caller register them, whatever its subject."),
        .list(
            "principals", \.principals, of: .text(bytesMax: 2_048),
            "Services that may register them, `cluster.local/ns/agents/sa/*`; alone they need no token, beside `subjects` or "
                + "`roles` both must fit."),
        .list(
            "identitySources", \.identitySources, of: .choice(),
            "What must say which service the caller is, one of these; none given takes every proof."),
        .list(
            "issuers", \.issuers, of: .text(bytesMax: 2_048),
            "Issuers whose tokens count, as `authentication.issuers` names them; none given means every one."),
        .list(
            "intents", \.intents, of: .text(),
            "Names of intents that they may answer, `*` standing for any run of characters; none given means any."),
        .list(
            "hosts", \.hosts, of: .text(bytesMax: 253),
            "Hosts that instances may be at, `*` standing for any run of characters; none given means any."),
    ]

    func check(_ reader: SectionReader) {
        if identitySources.contains(.none) {
            reader.fields.error(
                "\(reader.fields.place("identitySources")): none is no proof of a service", at: "identitySources")
        }
        guard subjects.isEmpty, roles.isEmpty, principals.isEmpty else { return }
        reader.fields.diagnostics.error(
            "\(reader.fields.path) must name subjects, roles or principals: who may register",
            at: reader.fields.location)
    }
}
