import IntentProtocol

/// An answer of the gateway: its status tells where the request ended, its body why.
struct GatewayAnswer: Sendable {
    let status: Int
    let retryAfter: String?
    let body: [UInt8]

    /// What the caller is given, and whether asking again is safe.
    static func read(_ answer: GatewayAnswer) -> GatewayExchange.Attempt {
        let response = answer.response()
        guard let error = response.error else { return (.success(response), .final) }
        switch answer.status {
        case 429:
            return (.success(response), error.retryable ? .refused(retryAfterMilliseconds: answer.wait(error)) : .final)
        case 503 where error.code == .agentUnavailable:
            return (.success(response), .refused(retryAfterMilliseconds: answer.wait(error)))
        case 502, 504: return (.success(response), error.retryable ? .uncertain : .final)
        default: return (.success(response), .final)
        }
    }

    private func response() -> AgentResponse {
        // The gateway tells real statuses and puts the error into the body all the same.
        let reply = AgentReply(parsing: body, httpStatus: 200)
        let isRedirect = (300..<400).contains(status)
        guard isRedirect || (reply.isSuccess && !(200..<300).contains(status)) else { return reply.response() }
        return AgentReply(unusable: "the gateway answered HTTP status \(status)").response()
    }

    private func wait(_ error: IntentError) -> Int64? {
        if let milliseconds = error.details["retryAfterMs"]?.intValue { return milliseconds }
        // A day is longer than any deadline: a larger number is no overflow.
        return retryAfter.flatMap { Int64($0) }.map { min(max(0, $0), 86_400) * 1000 }
    }
}
