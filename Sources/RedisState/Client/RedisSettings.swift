package import IntentProtocol

/// What a client of Redis needs to know; every bound of it stands here.
package struct RedisSettings: Sendable {
    /// Where the data lives.
    package enum Topology: Sendable, Hashable {
        /// One server.
        case standalone(RedisAddress)
        /// The master that these sentinels name.
        case sentinel(addresses: [RedisAddress], masterName: String)
        /// A cluster; the addresses are where its nodes are first asked for.
        case cluster([RedisAddress])
    }

    /// Who we are to a server.
    package struct Credentials: Sendable {
        /// nil for the default user.
        package var username: String?
        /// nil when the server asks for none.
        package var password: Secret?

        /// No credentials.
        package init(username: String? = nil, password: Secret? = nil) {
            self.username = username
            self.password = password
        }
    }

    /// Where the data lives.
    package var topology: Topology
    /// Who we are.
    package var credentials = Credentials()
    /// Who we are to sentinels.
    package var sentinelCredentials = Credentials()
    /// The database number; 0 in a cluster.
    package var database = 0
    /// TLS to servers and sentinels; nil for plain TCP.
    package var tls: RedisTLS?
    /// The scripts that every connection makes known at its start.
    package var scripts: [RedisScript] = []
    /// The name that `CLIENT LIST` shows.
    package var clientName = "intentusnet"
    /// Time to connect, and to be greeted after it.
    package var connectTimeoutMilliseconds: Int64 = 1_000
    /// Time for a reply, where the command states none.
    package var commandTimeoutMilliseconds: Int64 = 1_000
    /// A connection that has not answered a command for so long is given up.
    package var deadAfterMilliseconds: Int64 = 1_500
    /// Between two looks at an idle connection, and at the sentinels' opinion.
    package var watchIntervalMilliseconds: Int64 = 1_000
    /// Commands that wait for replies on one connection; more are refused at once.
    package var pendingMax = 4_096
    /// Bytes of one reply.
    package var replyBytesMax = 16 * 1024 * 1024
    /// The first wait after a failed connection; doubled each time.
    package var backOffFirstMilliseconds: Int64 = 20
    /// The longest wait between two attempts to connect.
    package var backOffMaxMilliseconds: Int64 = 1_000
    /// Redirections that one command follows.
    package var redirectionsMax = 5
    /// A connection to a node that the map of a cluster does not name is given up when nobody has used it for so long.
    package var strayLinkMilliseconds: Int64 = 10_000
    /// How often the map of a cluster is read anew when nothing is wrong.
    package var clusterRefreshMilliseconds: Int64 = 15_000

    /// Makes settings with the bounds above.
    package init(topology: Topology) {
        self.topology = topology
    }
}
