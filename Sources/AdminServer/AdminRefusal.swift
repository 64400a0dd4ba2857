import IntentProtocol

/// A request of the admin API that ends before anything is done.
struct AdminRefusal: Error {
    let status: Int
    /// Stable, in upper case: `ROLE_MISSING`.
    let code: String
    /// Says what to do about it; never a word of what is protected.
    let message: String
    /// More for the audit log than the caller is told.
    var detail: String?
    var retryAfterSeconds: Int?

    init(_ status: Int, _ code: String, _ message: String, detail: String? = nil, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    var headerLines: String {
        var lines = status == 401 ? "www-authenticate: Bearer realm=\"intentusnet admin\"\r\n" : ""
        if let retryAfterSeconds { lines += "retry-after: \(retryAfterSeconds)\r\n" }
        return lines
    }

    static func body(code: String, message: String) -> JSONValue {
        ["error": ["code": .string(code), "message": .string(message)]]
    }

    static func invalid(_ message: String) -> AdminRefusal { AdminRefusal(400, "INVALID_REQUEST", message) }
}
