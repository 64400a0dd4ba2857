package import Identity

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
    /// The value of the `baggage` header as it came, all its lines together; nil when there was none.
    package var baggage: ArraySlice<UInt8>?
    /// The path of the route that the request took.
    package var path: StaticString = "/api/v1/intent"
    /// The value of the `X-Intentus-Timeout-Ms` header as it came; nil when there was none.
    package var timeoutMilliseconds: ArraySlice<UInt8>?
    /// The value of the `X-Forwarded-Client-Cert` header as it came; nil when there was none.
    package var forwardedClientCertificate: ArraySlice<UInt8>?
    /// The values of all `X-Forwarded-For` lines; filled where ``PeerConnection/isAddressProxy`` asks for them.
    package var forwardedFor: [ArraySlice<UInt8>] = []
    /// The values of the node signature headers as they came; nil when there was none of them.
    package var nodeSignature: NodeSignatureHeaders?
    package var body: [UInt8]
    /// What the request arrived on.
    package var connection: ArrivalConnection
    /// For authorization policies; nil where there are none.
    package var head: ArrivalHead?

    package init(
        door: Door, authorization: ArraySlice<UInt8>? = nil, traceparent: ArraySlice<UInt8>? = nil,
        tracestate: ArraySlice<UInt8>? = nil, timeoutMilliseconds: ArraySlice<UInt8>? = nil, body: [UInt8],
        connection: ArrivalConnection, head: ArrivalHead? = nil
    ) {
        self.door = door
        self.authorization = authorization
        self.traceparent = traceparent
        self.tracestate = tracestate
        self.timeoutMilliseconds = timeoutMilliseconds
        self.body = body
        self.connection = connection
        self.head = head
    }
}
