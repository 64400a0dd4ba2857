/// What a listener accepts at most; every number is a limit stated once.
package struct HTTPLimits: Sendable, Hashable {
    /// Bytes of a request's head, request line included; more is 431.
    package var headerBytesMax = 32 * 1024
    /// Header lines of a request; more is 431.
    package var headersMax = 64
    /// Bytes of a body; more is 413.
    package var bodyBytesMax = 2 << 20
    /// From the first byte of a request to the end of its head; over it is 408.
    package var headerTimeoutMilliseconds: Int64 = 5_000
    /// From the first byte of a request to its last; over it is 408.
    package var requestTimeoutMilliseconds: Int64 = 15_000
    /// Between two requests of a connection; over it the connection is closed.
    package var idleTimeoutMilliseconds: Int64 = 60_000
    /// A large answer, or the last one of a connection, that its reader has not taken after so long ends the connection.
    package var writeTimeoutMilliseconds: Int64 = 30_000
    /// Connections of one server; one more is closed at once.
    package var connectionsMax = 10_000
    /// Connections of one peer, an IPv4 address or an IPv6 network of 64 bits; one more is closed at once. 0 is no limit.
    package var connectionsPerPeerMax = 1_000
    /// Bytes of requests that are not answered, and of HTTP/2 answers that are not taken, of all connections together beyond the
    /// first 64 KiB of each; a quarter of it for one peer. A request over it is 503.
    package var bufferedBytesMax = 512 << 20

    package init() {}
}
