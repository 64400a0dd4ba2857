package import IntentProtocol

/// A request that ends inside the gateway: what the caller is told, and what the audit record says beyond that.
package struct Refusal: Error, Sendable {
    /// The HTTP status at a door that tells real statuses.
    package var status: Int
    package var error: IntentError
    /// The finer cause for audit and metrics, stable snake_case; never more than a caller may know in `error`.
    package var reason: String
    package var event: AuditRecord.Event
    package var retryAfterSeconds: Int?
    /// The policy rule that refused, where it is another than the one that permitted the request.
    package var rule: String?
    /// Header lines that the answer carries because of this refusal, each ended by CR LF.
    package var headerLines: [UInt8] = []

    package init(
        _ error: IntentError, status: Int? = nil, reason: String, event: AuditRecord.Event = .request,
        retryAfterSeconds: Int? = nil
    ) {
        self.error = error
        self.status = status ?? error.code.httpStatus
        self.reason = reason
        self.event = event
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The error as the caller is told it: with the time to wait, where there is one.
    var toldError: IntentError {
        guard let seconds = retryAfterSeconds, error.details["retryAfterMs"] == nil else { return error }
        var told = error
        told.details["retryAfterMs"] = .number(JSONNumber(seconds * 1000))
        return told
    }
}
