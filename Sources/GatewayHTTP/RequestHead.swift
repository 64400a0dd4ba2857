/// The head of a request, parsed: ranges into its bytes, no text.
struct RequestHead: Sendable {
    /// How the body is delimited.
    enum BodyLength: Sendable, Hashable {
        case none
        case exactly(Int)
        case chunked
    }

    var method = ByteRange()
    var target = ByteRange()
    var isHTTP10 = false
    var bodyLength = BodyLength.none
    var closesAfter = false
    var expectsContinue = false
    var authorization = ByteRange()
    var host = ByteRange()
    var contentType = ByteRange()
    var traceparent = ByteRange()
    var tracestate = ByteRange()
    /// The first line of it.
    var baggage = ByteRange()
    var hasMoreBaggage = false
    var timeout = ByteRange()
    var forwardedClientCertificate = ByteRange()
    var idempotencyKey = ByteRange()
    var nodeId = ByteRange()
    var nodeTime = ByteRange()
    var nodeSignature = ByteRange()
}
