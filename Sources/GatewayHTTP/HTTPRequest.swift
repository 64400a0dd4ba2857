/// A complete request: its head as bytes with ranges, its body, and where it came from.
package struct HTTPRequest: Sendable {
    package let route: RouteTable.Match
    package var body: [UInt8]
    /// `203.0.113.7:51334`.
    package let remoteAddress: String
    /// What the TLS handshake of its connection came to; nil when it came in plain text.
    package let security: ConnectionSecurity?
    private let head: RequestHead
    private let headBytes: [UInt8]

    init(
        route: RouteTable.Match, head: RequestHead, headBytes: [UInt8], body: [UInt8], remoteAddress: String,
        security: ConnectionSecurity? = nil
    ) {
        self.route = route
        self.head = head
        self.headBytes = headBytes
        self.body = body
        self.remoteAddress = remoteAddress
        self.security = security
    }

    /// The value of each header that this listener keeps; nil when the request had none.
    package var authorization: ArraySlice<UInt8>? { value(head.authorization) }
    package var contentType: ArraySlice<UInt8>? { value(head.contentType) }
    package var traceparent: ArraySlice<UInt8>? { value(head.traceparent) }
    package var tracestate: ArraySlice<UInt8>? { value(head.tracestate) }
    package var timeoutMilliseconds: ArraySlice<UInt8>? { value(head.timeout) }
    package var forwardedClientCertificate: ArraySlice<UInt8>? { value(head.forwardedClientCertificate) }
    package var idempotencyKey: ArraySlice<UInt8>? { value(head.idempotencyKey) }

    private func value(_ range: ByteRange) -> ArraySlice<UInt8>? {
        range.isPresent ? headBytes[range.range] : nil
    }
}
