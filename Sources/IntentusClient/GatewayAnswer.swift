import IntentProtocol

/// An answer of the gateway: its status tells where the request ended, its body why.
package struct GatewayAnswer: Sendable {
    package let status: Int
    let retryAfter: String?
    package let body: [UInt8]

    package init(status: Int, retryAfter: String? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }

    /// What the caller is given, and whether asking again is safe.
    static func read(_ answer: GatewayAnswer) -> GatewayExchange.Attempt {
        let response = answer.response()
        guard let error = response.error, error.retryable else { return (.success(response), .final) }
        let wait = answer.wait(error)
        switch (answer.status, error.code) {
        case (429, .rateLimit), (503, .agentUnavailable):
            // A worker's own refusal passes with the same status, and it or an agent before it may have begun the work.
            let isGatewaysOwn = response.metadata["agent"]?.stringValue == "gateway"
            return (
                .success(response),
                isGatewaysOwn ? .refused(retryAfterMilliseconds: wait) : .uncertain(retryAfterMilliseconds: wait)
            )
        case (502, _), (504, _): return (.success(response), .uncertain(retryAfterMilliseconds: wait))
        default: return (.success(response), .final)
        }
    }

    private func response() -> AgentResponse {
        // The gateway tells real statuses and puts the error into the body all the same.
        let reply = AgentReply(parsing: body, httpStatus: 200, limits: .reply(bytesMax: body.count))
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
