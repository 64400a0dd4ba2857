import Documents
import Foundation
import GatewayConfiguration
import IntentProtocol
import RateLimiting
import RedisState

extension RedisSettings {
    /// Reads the files that the configuration names.
    ///
    /// - Parameter tls: TLS that is kept up to date; nil for plain TCP.
    /// - Throws: ``ConfigurationRefused`` naming the file that cannot be used.
    init(_ redis: GatewayConfiguration.Redis, secrets: NodeSecrets, tls: RedisTLS?) throws {
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
            password: try redis.passwordFile.map { try secrets.text(of: $0, "store.redis.passwordFile") }
                ?? redis.password.map { try secrets.text(of: $0, "store.redis.password") } ?? redis.url?.password)
        sentinelCredentials = Credentials(
            username: redis.sentinelUsername,
            password: try redis.sentinelPasswordFile.map {
                try secrets.text(of: $0, "store.redis.sentinelPasswordFile")
            })
        database = redis.database ?? redis.url?.database ?? 0
        self.tls = tls
    }

    /// The bytes of the seal; nil when none is configured.
    static func seal(_ redis: GatewayConfiguration.Redis, _ secrets: NodeSecrets) throws -> [UInt8]? {
        guard let setting = redis.sealFile else { return nil }
        let key = "store.redis.sealFile"
        let bytes = try secrets.bytes(of: setting, key)
        guard bytes.count >= SharedKeySets.secretBytesMin else {
            let place = if case .path(let path) = setting { path } else { setting.reference?.description ?? "" }
            throw ConfigurationRefused([
                Diagnostic(.error, "\(key): '\(place)' must hold at least \(SharedKeySets.secretBytesMin) bytes")
            ])
        }
        return bytes.reveal()
    }
}

extension GatewayConfiguration.Redis {
    var speaksTLS: Bool { tls != nil || url?.isTLS == true }
}
