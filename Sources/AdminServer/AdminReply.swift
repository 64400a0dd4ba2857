package import IntentProtocol

/// What the node says to a request of the admin API.
package struct AdminReply: Sendable {
    package var status = 200
    package var body: JSONValue
    /// What came of it in a few words, for the audit log.
    package var detail: String?

    /// It was done, or told.
    package init(_ body: JSONValue, detail: String? = nil) {
        self.body = body
        self.detail = detail
    }

    /// It could not be done.
    ///
    /// - Parameters:
    ///   - code: stable, in upper case.
    ///   - message: says what to do about it.
    package static func refused(_ status: Int, _ code: String, _ message: String) -> AdminReply {
        var reply = AdminReply(AdminRefusal.body(code: code, message: message), detail: code.lowercased())
        reply.status = status
        return reply
    }
}
