import Documents

extension GatewayConfiguration {
    /// The admin plane: metrics, health, and the admin API.
    package struct Admin: Sendable, Hashable {
        /// The address; port 0 lets the system choose.
        package var http = HostAndPort(host: "127.0.0.1", port: 9090)
        /// TLS.
        package var tls = AdminTLS()
        /// Who may read and act; nil lets peers of this machine read, and nobody act.
        package var access: AdminAccess?
        /// Files of AuthorizationPolicies for the admin API.
        package var authorizationFiles: [String] = []
        /// Names that requests may ask this admin plane by.
        package var hosts: [String] = []
        /// Web pages whose scripts may ask.
        package var origins: [String] = []

        /// The defaults above.
        package init() {}

        /// The host of `http`.
        package var host: String { http.host }
        /// The port of `http`.
        package var port: Int { http.port }
    }
}

extension GatewayConfiguration.Admin: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("http", \.http, .address, "Address of the admin plane; port 0 lets the system choose."),
        .section("tls", \.tls, "TLS of the admin plane."),
        .optionalSection(
            "access", \.access,
            "Who may use the admin API. Without it peers of this machine may read, and nobody may act."),
        .paths(
            "authorizationFiles", \.authorizationFiles, of: .adminAuthorization,
            "Files or folders of AuthorizationPolicies that judge each request of the admin API besides `access`; their selectors "
                + "may name the label `intentusnet.io/plane: admin`."),
        .list(
            "hosts", \.hosts, of: .text(bytesMax: 253), countMax: 64,
            "Names that the admin API may be asked by, besides localhost and addresses; others are refused, so that no name of "
                + "somebody else can lead a browser here."),
        .list(
            "origins", \.origins, of: .url(["https", "http"]), countMax: 16,
            "Origins of web pages whose scripts may ask the admin API; none without it."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if access == nil {
            if !http.isLoopback {
                fields.warning(
                    "admin.http is \(http) and there is no admin.access: metrics and health are open to whoever reaches it, the "
                        + "admin API to nobody; set admin.access, with admin.tls", at: "http")
            }
            if !authorizationFiles.isEmpty {
                fields.error(
                    "admin.authorizationFiles needs admin.access, without which nobody may act",
                    at: "authorizationFiles")
            }
            if !tls.trustBundleFiles.isEmpty {
                fields.warning("admin.tls.trustBundleFiles lets nobody act without admin.access", at: "tls")
            }
        } else if !http.isLoopback, tls.certificateFile == nil {
            fields.warning(
                "admin.http is \(http) without admin.tls: tokens cross the network in plain text", at: "http")
        }
        if let access, !(access.administrators + access.viewers).isEmpty, tls.trustBundleFiles.isEmpty {
            fields.error(
                "admin.access names services, which need admin.tls with certificateFile, keyFile and trustBundleFiles",
                at: "access")
        }
        for host in hosts where !HostAndPort.isName(host[...]) {
            fields.error(
                "\(fields.place("hosts")): '\(host)' is no name of a host; write it without a port", at: "hosts")
        }
    }
}
