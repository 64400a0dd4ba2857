/// The configuration file of one sentinel.
struct SentinelFile {
    let masterName: String
    let masterPort: Int
    let quorum: Int
    let password: String?
    let tls: RedisServerOptions.TLS?

    func lines(port: Int, tlsPort: Int, folder: String) -> [String] {
        let login = RedisLogin.fixture
        var lines = [
            "port \(port)", "bind 127.0.0.1", "protected-mode no", "daemonize no", "dir \(folder)",
            "user \(login.user) on >\(login.password) ~* &* +@all",
            "sentinel sentinel-user \(login.user)", "sentinel sentinel-pass \(login.password)",
            "sentinel monitor \(masterName) 127.0.0.1 \(masterPort) \(quorum)",
            "sentinel auth-user \(masterName) \(login.user)", "sentinel auth-pass \(masterName) \(login.password)",
            "sentinel down-after-milliseconds \(masterName) 1000", "sentinel failover-timeout \(masterName) 2000",
            "sentinel parallel-syncs \(masterName) 1",
        ]
        if let password { lines.append("requirepass \"\(password)\"") }
        return lines + (tls?.lines(port: tlsPort) ?? [])
    }
}
