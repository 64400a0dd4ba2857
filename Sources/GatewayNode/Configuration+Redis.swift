import Documents
import Foundation
import GatewayConfiguration
import IntentProtocol
import RateLimiting
import RedisState

extension RedisSettings {
    /// Reads the files that the configuration names.
    ///
    /// - Parameter known: TLS that is kept up to date; nil reads the files once.
    /// - Throws: ``ConfigurationRefused`` naming the file that cannot be used.
    init(_ redis: GatewayConfiguration.Redis, tls known: RedisTLS? = nil) throws {
        let address = { (address: HostAndPort) in RedisAddress(host: address.host, port: address.port) }
        let topology: Topology =
            if let url = redis.url {
                .standalone(address(url.address))
            } else if !redis.sentinel.isEmpty {
                .sentinel(addresses: redis.sentinel.map(address), masterName: redis.masterName)
            } else {
                .cluster(redis.cluster.map(address))
            }
        self.init(topology: topology)
        credentials = Credentials(
            username: redis.username ?? redis.url?.username,
            password: try Self.password(redis.passwordFile, "store.redis.passwordFile") ?? redis.password
                ?? redis.url?.password)
        sentinelCredentials = Credentials(
            username: redis.sentinelUsername,
            password: try Self.password(redis.sentinelPasswordFile, "store.redis.sentinelPasswordFile"))
        database = redis.database ?? redis.url?.database ?? 0
        if let known {
            tls = known
        } else if redis.speaksTLS {
            let files = redis.tls ?? GatewayConfiguration.ClientTLS()
            do {
                tls = try RedisTLS(
                    authorityFile: files.caFile, certificateFile: files.certificateFile, keyFile: files.keyFile)
            } catch {
                throw ConfigurationRefused([Diagnostic(.error, "store.redis.tls: a file cannot be used: \(error)")])
            }
        }
    }

    private static func password(_ path: String?, _ key: String) throws -> Secret? {
        try path.map { try Secret(firstLineOf: $0, key) }
    }

    /// The bytes of the seal; nil when none is configured.
    static func seal(_ redis: GatewayConfiguration.Redis) throws -> [UInt8]? {
        guard let path = redis.sealFile else { return nil }
        guard let data = FileManager.default.contents(atPath: path), data.count >= SharedKeySets.secretBytesMin else {
            throw ConfigurationRefused([
                Diagnostic(
                    .error,
                    "store.redis.sealFile: '\(path)' must be a file of at least \(SharedKeySets.secretBytesMin) bytes")
            ])
        }
        return Array(data)
    }
}

extension GatewayConfiguration.Redis {
    var speaksTLS: Bool { tls != nil || url?.isTLS == true }
}

extension Secret {
    /// The first line of a file; a trailing newline is an editor's, not the secret's.
    ///
    /// - Parameter key: the key that names the file, as messages begin.
    init(firstLineOf path: String, _ key: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ConfigurationRefused([Diagnostic(.error, "\(key): '\(path)' cannot be read as UTF-8 text")])
        }
        let line = text.prefix { !$0.isNewline }
        guard !line.isEmpty else {
            throw ConfigurationRefused([Diagnostic(.error, "\(key): '\(path)' begins with an empty line")])
        }
        self.init(String(line))
    }
}
