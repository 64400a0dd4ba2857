import Documents
import IntentProtocol

extension GatewayConfiguration {
    /// Who may use the admin API.
    package struct AdminAccess: Sendable, Hashable {
        /// Roles of tokens that may read and act.
        package var administratorRoles = ["intentusnet-admin"]
        /// Roles of tokens that may read.
        package var viewerRoles = ["intentusnet-viewer"]
        /// Services that may read and act, by their certificate.
        package var administrators: [String] = []
        /// Services that may read, by their certificate.
        package var viewers: [String] = []
        /// Issuers whose roles count; all of `authentication.issuers` where none is named.
        package var issuers: [String] = []
        /// Whether metrics and the health report ask for a credential too.
        package var protectMetrics = false
        /// Actions that the node takes in a minute.
        package var actionsPerMinute = 600
        /// Failed attempts of a peer in a minute.
        package var failuresPerMinute = 10

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.AdminAccess: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .list(
            "administratorRoles", \.administratorRoles, of: .text(), countMax: 64,
            "Roles of tokens that may read and act."),
        .list("viewerRoles", \.viewerRoles, of: .text(), countMax: 64, "Roles of tokens that may read."),
        .list(
            "administrators", \.administrators, of: .text(bytesMax: 2_048), countMax: 256,
            "Services that may read and act, by their certificate: `cluster.local/ns/ops/sa/operator`."),
        .list(
            "viewers", \.viewers, of: .text(bytesMax: 2_048), countMax: 256,
            "Services that may read, by their certificate."),
        .list(
            "issuers", \.issuers, of: .text(bytesMax: 2_048), countMax: 64,
            "Issuers whose tokens count here; every one of `authentication.issuers` without it."),
        .value(
            "protectMetrics", \.protectMetrics, .toggle,
            "Whether /metrics and /health ask for a credential too; /health/live and /health/ready never do."),
        .value(
            "actionsPerMinute", \.actionsPerMinute, .integer(1...100_000),
            "Actions that the node takes in a minute; more are answered 429."),
        .value(
            "failuresPerMinute", \.failuresPerMinute, .integer(1...100_000),
            "Failed attempts of a peer in a minute, an IPv4 address or an IPv6 /64 network; more are answered 429."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        for (key, principals) in [("administrators", administrators), ("viewers", viewers)] {
            for principal in principals where (try? SPIFFEID(principal: principal.utf8)) == nil {
                fields.error(
                    "\(fields.place(key)): '\(principal)' is no service; write cluster.local/ns/NAMESPACE/sa/ACCOUNT",
                    at: key)
            }
        }
    }
}
