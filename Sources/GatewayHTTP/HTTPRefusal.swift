/// A request that ends at the listener, before any of the gateway's stages.
package struct HTTPRefusal: Error, Sendable, Hashable {
    /// Why; the raw value is the stable name for metrics.
    package enum Reason: String, Sendable, CaseIterable {
        case badRequest = "bad_request"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case timeout = "timeout"
        case bodyTooLarge = "body_too_large"
        case unsupportedEncoding = "unsupported_encoding"
        case expectationFailed = "expectation_failed"
        case headTooLarge = "head_too_large"
        case notImplemented = "not_implemented"
        case versionNotSupported = "version_not_supported"
        case draining
        /// So many bytes of requests and answers are held that no more may be.
        case overloaded

        /// The HTTP status.
        package var status: Int {
            switch self {
            case .badRequest: 400
            case .notFound: 404
            case .methodNotAllowed: 405
            case .timeout: 408
            case .bodyTooLarge: 413
            case .unsupportedEncoding: 415
            case .expectationFailed: 417
            case .headTooLarge: 431
            case .notImplemented: 501
            case .versionNotSupported: 505
            case .draining, .overloaded: 503
            }
        }
    }

    package let reason: Reason
    /// One sentence for the caller; never holds a byte that the caller sent.
    package let message: String
    /// The value of an `Allow` header, for 405.
    package var allow: String?
    /// Whether the connection can go on: the request was read to its end.
    var keepsConnection = false
    /// Bytes of the refused request's head, when it was complete.
    var headLength = 0
    /// The place of the request's path in the table, when the path is known.
    var route: Int?

    static var overloaded: Self {
        HTTPRefusal(.overloaded, "too many bytes of requests are waiting for their answers; try again later")
    }

    package init(_ reason: Reason, _ message: String, allow: String? = nil) {
        self.reason = reason
        self.message = message
        self.allow = allow
    }
}
