/// What the tests look at in a line of the audit log.
struct AuditLine: Decodable, Sendable {
    var event: String
    var requestId: String?
    var principal: String?
    var identitySource: String?
    var reason: String?
    var authorization: String?
    var status: Int?
}
