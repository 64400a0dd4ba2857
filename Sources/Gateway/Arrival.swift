/// A complete request as the listener hands it in: inside every limit of the listener, nothing in it believed yet.
package struct Arrival: Sendable {
    /// Which door the request came through; it decides how an error is told.
    package enum Door: Sendable, Equatable {
        /// `/api/v1/intent`: real HTTP status codes, the whole error in the body.
        case api
        /// `/` and `/intent`, where the Python transport knocks: it throws away the body of anything that is not 2xx,
        /// so every answer is 200 with the error inside the frame.
        case python
    }

    package var door: Door
    /// The value of the `Authorization` header as it came; nil when there was none.
    package var authorization: ArraySlice<UInt8>?
    /// The value of the `traceparent` header as it came; nil when there was none.
    package var traceparent: ArraySlice<UInt8>?
    /// The value of the `tracestate` header as it came; nil when there was none.
    package var tracestate: ArraySlice<UInt8>?
    /// The value of the `X-Intentus-Timeout-Ms` header as it came; nil when there was none.
    package var timeoutMilliseconds: ArraySlice<UInt8>?
    package var body: [UInt8]
    /// The peer's address, `203.0.113.7:51334`.
    package var remoteAddress: String
    /// The leaf of the caller's verified certificate chain in DER; nil when the connection showed none.
    package var peerCertificate: [UInt8]?

    package init(
        door: Door, authorization: ArraySlice<UInt8>? = nil, traceparent: ArraySlice<UInt8>? = nil,
        tracestate: ArraySlice<UInt8>? = nil, timeoutMilliseconds: ArraySlice<UInt8>? = nil, body: [UInt8],
        remoteAddress: String, peerCertificate: [UInt8]? = nil
    ) {
        self.door = door
        self.authorization = authorization
        self.traceparent = traceparent
        self.tracestate = tracestate
        self.timeoutMilliseconds = timeoutMilliseconds
        self.body = body
        self.remoteAddress = remoteAddress
        self.peerCertificate = peerCertificate
    }
}
