/// Where a worker is called.
package struct UpstreamEndpoint: Sendable, Hashable {
    package let host: String
    package let port: Int
    /// The value of the Host header.
    package let hostHeader: String
    package let path: String
    /// The request's method; one that `RouteTable` knows.
    package let method: HTTPMethod
    /// How it shows who it is.
    package let security: UpstreamSecurity

    package init(
        host: String, port: Int, hostHeader: String, path: String, method: HTTPMethod = .post,
        security: UpstreamSecurity = .none
    ) {
        self.host = host
        self.port = port
        self.hostHeader = hostHeader
        self.path = path
        self.method = method
        self.security = security
    }

    /// Hashes what nearly always differs; a look-up for every call should not read every text.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(port)
        hasher.combine(host.utf8.count)
    }
}

/// What a pool keeps at most.
package struct UpstreamLimits: Sendable, Hashable {
    /// Connections to one address, idle and busy.
    package var connectionsPerAddressMax = 1024
    /// Calls that wait for a connection to one address.
    package var waitersPerAddressMax = 1024
    /// Bytes of an answer's head.
    package var headerBytesMax = 32 * 1024
    /// Bytes of an answer's body.
    package var bodyBytesMax = 4 << 20
    package var connectTimeoutMilliseconds: Int64 = 1_000
    /// Below the idle time-out of common servers, so that it is we who close.
    package var idleTimeoutMilliseconds: Int64 = 4_000
    /// After it a connection carries no further call: whom we trust and what we show may be others since it was made.
    package var connectionAgeMaxMilliseconds: Int64 = 3_600_000

    package init() {}
}

/// An HTTP answer, complete.
package struct UpstreamAnswer: Sendable, Hashable {
    package var status: Int
    /// The value of the last `Retry-After`.
    package var retryAfter: String?
    package var body: [UInt8]

    package init(status: Int, retryAfter: String? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// Why a call brought no answer.
package enum UpstreamFailure: Error, Sendable, Hashable {
    /// No connection came about; nothing was sent.
    case connectFailed
    /// No connection was free and the queue is full; nothing was sent.
    case overloaded
    case timedOut
    /// The connection ended before the answer was complete.
    case connectionLost
    case badResponse(String)
    case responseTooLarge
    case cancelled
}
