/// What an outcome means for the one who asked.
package enum OutcomeClass: String, Sendable, Hashable, CaseIterable, Codable {
    /// 2xx.
    case ok
    /// 429: a limit did its work, which is neither success nor failure.
    case limited
    /// Other 3xx and 4xx.
    case refused
    /// 5xx.
    case failed
    /// No answer came in time, or none that can be read, or nothing could be sent.
    case lost

    /// Whether it counts as an error.
    package var isError: Bool {
        switch self {
        case .ok, .limited: false
        case .refused, .failed, .lost: true
        }
    }
}

/// What became of one request.
package enum Outcome: Sendable, Hashable {
    /// An answer, with the code of the wire where its body tells one.
    case answered(status: Int, code: String?)
    /// No whole answer within the time that a request has.
    case timedOut
    /// The connection ended before the answer was whole.
    case connectionLost
    /// No connection stood and none could be made.
    case notConnected
    /// Something came that is no HTTP answer.
    case unreadable
    /// The answer to a sealed request cannot be opened.
    case unopened
    /// Not sent: as many requests were under way as may be.
    case missed

    package var outcomeClass: OutcomeClass {
        switch self {
        case .answered(429, _): .limited
        case .answered(200...299, _): .ok
        case .answered(500..., _): .failed
        case .answered: .refused
        case .timedOut, .connectionLost, .notConnected, .unreadable, .unopened, .missed: .lost
        }
    }

    /// What reports call it: `200`, `403 UNAUTHORIZED`, `timeout`.
    package var name: String {
        switch self {
        case .answered(let status, let code?): "\(status) \(code)"
        case .answered(let status, nil): "\(status)"
        case .timedOut: "timeout"
        case .connectionLost: "connection_lost"
        case .notConnected: "not_connected"
        case .unreadable: "unreadable"
        case .unopened: "unopened"
        case .missed: "missed"
        }
    }

    /// Whether a time belongs to it: from when the request was due to the answer, or to the moment at which it was given up.
    ///
    /// A request that timed out counts with the time that was waited for it. Left out, a server that answers nobody would look quick.
    var hasLatency: Bool {
        switch self {
        case .answered, .timedOut, .unopened: true
        case .connectionLost, .notConnected, .unreadable, .missed: false
        }
    }
}
