import Documents
import IntentProtocol

extension GatewayConfiguration {
    /// Where shared state lives.
    package struct Store: Sendable, Hashable {
        /// Redis; nil for the memory of this process, whose limits and registrations no other gateway sees.
        package var redis: Redis?

        /// The memory of this process.
        package init() {}
    }

    /// Redis as the store of a cluster of gateways.
    package struct Redis: Sendable, Hashable {
        /// What holds for a limit while Redis cannot be asked.
        package enum StoreFailure: String, Sendable, Hashable, CaseIterable {
            /// This node counts its own share: the limit divided by the gateways that live.
            case local
            /// Every request is refused.
            case deny
            /// Every request is let through.
            case allow
        }

        /// One server; exactly one of this, `sentinel` and `cluster` is there.
        package var url: RedisURL?
        /// Sentinels that know the master.
        package var sentinel: [HostAndPort] = []
        /// The name that the sentinels know the master by.
        package var masterName = "mymaster"
        /// Nodes of a Redis Cluster.
        package var cluster: [HostAndPort] = []
        /// The user; nil for the default one.
        package var username: String?
        /// The password of the user.
        package var password: SecretSetting?
        /// A file with the password, as a mounted secret.
        package var passwordFile: SecretSetting?
        /// A file with the password of the sentinels.
        package var sentinelPasswordFile: SecretSetting?
        /// The user of the sentinels.
        package var sentinelUsername: String?
        /// The database number.
        package var database: Int?
        /// TLS; nil when the URL begins with `redis://`.
        package var tls: ClientTLS?
        /// What every key begins with; gateways that share it are one cluster.
        package var keyPrefix = "intentusnet:"
        /// Whether key sets that another gateway fetched are taken from Redis; nil where the file does not say.
        package var trustKeySets: Bool?
        /// A file whose bytes seal what gateways tell one another through Redis.
        package var sealFile: SecretSetting?
        /// What holds for limits while Redis cannot be asked, where the rule does not say.
        package var onFailure = StoreFailure.local
        /// How long a request waits for Redis before it goes on without.
        package var budgetMilliseconds = 10
        /// Buckets that this gateway may make in Redis in a minute; new ones beyond them are counted by it alone.
        package var newKeysPerMinute = 600_000
        /// Gateways that a limit is divided by at least while Redis is away, however few are known.
        package var nodesExpected = 1

        /// The defaults above.
        package init() {}

        /// Whether key sets are taken from Redis: unsealed only where that is asked for, because whoever can write to Redis could then
        /// sign tokens for anybody.
        package var trustsKeySets: Bool { trustKeySets ?? (sealFile != nil) }
    }
}

extension GatewayConfiguration.Store: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .sectionWithVariables("redis", \.redis, "Redis, shared by all gateways of a cluster.")
    ]
}

extension GatewayConfiguration.Redis: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optional("url", \.url, .redisURL, "One server: `redis://host:6379`, or `rediss://` for TLS."),
        .list("sentinel", \.sentinel, of: .address, countMax: 32, "Sentinels that know the master."),
        .value("masterName", \.masterName, .text(bytesMax: 128), "The name that the sentinels know the master by."),
        .list("cluster", \.cluster, of: .address, countMax: 256, "Nodes of a Redis Cluster; a few are enough."),
        .optional("username", \.username, .text(bytesMax: 256), "The user, where Redis has more than the default one."),
        .optionalSecret(
            "password", \.password,
            "The password; better a reference, in a variable or in `passwordFile` than in this file."),
        .optionalSecretFile("passwordFile", \.passwordFile, "A file with the password, such as a mounted secret."),
        .optional("sentinelUsername", \.sentinelUsername, .text(bytesMax: 256), "The user of the sentinels."),
        .optionalSecretFile(
            "sentinelPasswordFile", \.sentinelPasswordFile, "A file with the password of the sentinels."),
        .optional(
            "database", \.database, .integer(0...1_023), absent: "0", "The database number; a cluster has only 0."),
        .optionalSection("tls", \.tls, "TLS to Redis, with the server's certificate and name verified."),
        .value(
            "keyPrefix", \.keyPrefix, .text(bytesMax: 64),
            "What every key begins with; gateways that share Redis and prefix are one cluster."),
        .optional(
            "trustKeySets", \.trustKeySets, .toggle, absent: "true with sealFile, else false",
            "Whether key sets that another gateway fetched are taken from Redis; without, each gateway asks the issuer."
        ),
        .optionalSecretFile(
            "sealFile", \.sealFile,
            "A file of at least 32 bytes, the same for all gateways, that seals key sets in Redis against whoever can write there."
        ),
        .value(
            "onFailure", \.onFailure, .choice(),
            "What holds for limits while Redis cannot be asked, where a rule has no `on_store_failure`: this node's share, "
                + "nothing, or everything."),
        .value(
            "budgetMilliseconds", \.budgetMilliseconds, .integer(1...50), unit: "ms",
            "How long a request waits for Redis before it goes on without; more would let leased limits admit too much."
        ),
        .value(
            "newKeysPerMinute", \.newKeysPerMinute, .integer(1...100_000_000),
            "Buckets of limits that this gateway may make in Redis in a minute; a new one beyond them is counted by this gateway "
                + "alone, or refused where `on_store_failure` is `deny`."),
        .value(
            "nodesExpected", \.nodesExpected, .integer(1...1_000),
            "Gateways that there usually are: while Redis is away a limit is divided by them, or by more where more are known, and not "
                + "by one where a gateway knows of no other."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        let kinds = [url != nil, !sentinel.isEmpty, !cluster.isEmpty].count { $0 }
        if kinds != 1, !(fields.has("url") && url == nil) {
            fields.error("\(fields.path) must have exactly one of url, sentinel and cluster", at: "url")
        }
        if password != nil || url?.password != nil, passwordFile != nil {
            fields.error("\(fields.path) must have either a password or passwordFile, not both", at: "passwordFile")
        }
        let isInFile = fields.has("password") && password?.reference == nil
        if isInFile || url?.password != nil {
            let place = isInFile ? "password" : "url"
            fields.warning(
                "\(fields.place(place)) holds a password in plain text; use a secret:// reference, "
                    + "passwordFile or INTENTUSNET_STORE_REDIS_PASSWORD", at: place)
        }
        if trustKeySets == true, sealFile == nil {
            fields.warning(
                "\(fields.place("trustKeySets")) is true without sealFile: whoever can write to Redis can have tokens of "
                    + "any user accepted; give all gateways the same sealFile", at: "trustKeySets")
        }
        if !cluster.isEmpty, (database ?? 0) != 0 {
            fields.error("\(fields.place("database")) must be 0, because a Redis Cluster has no other", at: "database")
        }
        if let url, url.isTLS == false, tls != nil {
            fields.error("\(fields.place("tls")) needs a url that begins with rediss://", at: "tls")
        }
        if keyPrefix.contains(where: { "{}".contains($0) }) {
            fields.error("\(fields.place("keyPrefix")) must not contain { or }, which mark hash tags", at: "keyPrefix")
        }
    }
}
