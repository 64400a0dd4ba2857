/// Where a connection of a client stands.
///
/// Not inside ``ServerConnection``, which is generic: the compiler would look up the type each time that a phase ends.
enum ServerPhase {
    /// Nothing of a request has come.
    case idle
    /// A head has begun; `searched` bytes of it hold no end.
    case head(searched: Int)
    /// A body of known length is coming.
    case sized(RequestHead, RouteTable.Match, headBytes: [UInt8], length: Int)
    /// A chunked body is coming.
    case chunked(RequestHead, RouteTable.Match, headBytes: [UInt8], ChunkedBody)
    /// The handler has the request; what comes meanwhile waits in the buffer.
    case handling
    /// An answer goes on piece by piece; what comes meanwhile is thrown away, because the connection ends with it.
    case streaming
    /// The reader is slower than the answers: nothing more is read or answered until it has taken them.
    case blocked
    /// The last answer was written; what comes is thrown away.
    case closing
}
