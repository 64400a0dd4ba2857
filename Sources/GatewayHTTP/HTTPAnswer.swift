/// An answer as the handler makes it; the listener adds the length and the connection header.
package struct HTTPAnswer: Sendable {
    package var status: Int
    /// Complete header lines, each ended by CR LF.
    package var headerLines: [UInt8]
    /// The media type of the body.
    package var contentType: StaticString = "application/json"
    package var body: [UInt8]
    /// Where the body goes on behind ``body`` for as long as there is something to say, as events do: asked for the next piece
    /// whenever the reader has taken the last one, nil ends the answer.
    ///
    /// Called in the task of the request, which is cancelled when the reader goes away or the server drains; then it must end.
    package var next: (@Sendable () async -> [UInt8]?)?

    package init(status: Int, headerLines: [UInt8] = [], body: [UInt8]) {
        self.status = status
        self.headerLines = headerLines
        self.body = body
    }
}

/// What answers requests; one for each event loop, called on that loop only.
package protocol HTTPHandler: Sendable {
    /// What the handler makes of a connection, once for all of its requests.
    associatedtype Connection: Sendable
    /// Takes a connection, before its first request is handled.
    func accept(_ connection: HTTPConnection) -> Connection
    /// Answers a complete request; cancelled when its caller goes away.
    func handle(_ request: consuming HTTPRequest, on connection: Connection) async -> HTTPAnswer
    /// Answers a request that the listener refused.
    ///
    /// - Parameter route: the place of its path in the table, when the path is known.
    func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer
}
