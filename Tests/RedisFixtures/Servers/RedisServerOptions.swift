/// What a test asks of its Redis; nothing set is a plain server without a password.
package struct RedisServerOptions: Sendable {
    /// TLS on a port of its own, beside the plain one.
    package struct TLS: Sendable {
        package var authorityFile: String
        package var certificateFile: String
        package var keyFile: String
        /// Whether a client must show a certificate of the authority.
        package var requiresClientCertificate: Bool
        /// Where the files are, if they go with their owner.
        private let folder: PrivateFolder?

        package init(
            authorityFile: String, certificateFile: String, keyFile: String, requiresClientCertificate: Bool = false,
            folder: PrivateFolder? = nil
        ) {
            self.folder = folder
            self.authorityFile = authorityFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.requiresClientCertificate = requiresClientCertificate
        }

        func lines(port: Int) -> [String] {
            [
                "tls-port \(port)", "tls-ca-cert-file \(authorityFile)", "tls-cert-file \(certificateFile)",
                "tls-key-file \(keyFile)", "tls-auth-clients \(requiresClientCertificate ? "yes" : "no")",
                // Among themselves too: what they tell clients of each other are then the ports with TLS.
                "tls-replication yes",
            ]
        }
    }

    /// The password of the default user.
    package var password: String?
    /// ACL users, each as the rest of a line: `gateway on >secret ~* +@all`.
    package var users: [String] = []
    /// For a set or a cluster also among its members.
    package var tls: TLS?
    /// The memory at which writes are refused with OOM.
    package var maxMemoryBytes: Int?
    /// Further lines of the configuration file.
    package var lines: [String] = []

    package init() {}

    func configuration(port: Int, tlsPort: Int, folder: String) -> [String] {
        var all = [
            "port \(port)", "bind 127.0.0.1", "protected-mode no", "daemonize no", "dir \(folder)", "save \"\"",
            "appendonly no", "shutdown-timeout 0", "enable-debug-command local", "repl-diskless-sync-delay 0",
            "user \(RedisLogin.fixture.user) on >\(RedisLogin.fixture.password) ~* &* +@all",
            "masteruser \(RedisLogin.fixture.user)", "masterauth \(RedisLogin.fixture.password)",
        ]
        if let password { all.append("requirepass \"\(password)\"") }
        all += users.map { "user \($0)" }
        if let tls { all += tls.lines(port: tlsPort) }
        if let maxMemoryBytes { all += ["maxmemory \(maxMemoryBytes)", "maxmemory-policy noeviction"] }
        return all + lines
    }
}
