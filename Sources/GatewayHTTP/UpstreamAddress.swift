import NIOCore

/// What a pool keeps of one endpoint: its idle connections, who waits, and the part of a request's head that never changes.
///
/// Safe to mark as sendable without checks: touched on the pool's event loop alone.
final class UpstreamAddress: @unchecked Sendable {
    /// A call that waits for a connection.
    struct Waiter {
        let call: UpstreamCall
        let request: ByteBuffer
    }

    let endpoint: UpstreamEndpoint
    /// Kept alive by what it has open: a connection ends in its pool. The cycle ends with the last connection.
    let pool: UpstreamPool
    let headPrefix: [UInt8]
    /// Used last, taken first: the connections that are not needed grow old and are closed.
    var idle: [UpstreamConnection] = []
    /// Open connections and those being opened.
    var connectionCount = 0
    var waiters: [Waiter] = []

    init(endpoint: UpstreamEndpoint, pool: UpstreamPool) {
        self.endpoint = endpoint
        self.pool = pool
        headPrefix = Array(
            """
            \(endpoint.method.rawValue) \(endpoint.path) HTTP/1.1\r\nhost: \(endpoint.hostHeader)\r\ncontent-type: application/json\r\n\
            content-length: 
            """.utf8)
    }
}
