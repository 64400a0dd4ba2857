package import IntentProtocol

/// How a request ended, as coarsely as an objective asks: whether it was answered, and if not, whose fault that was.
package enum RequestResult: Int, Sendable, CaseIterable {
    /// Answered.
    case success
    /// Refused for a reason that lies with the caller: a token, an envelope, a policy, a limit.
    case refused
    /// Failed here or at a worker: what counts against the error budget.
    case failed
    /// The caller went away before the answer.
    case clientGone

    /// The wire's code decides, by the status that stands for it.
    package init(_ outcome: RequestOutcome) {
        switch outcome {
        case .success: self = .success
        case .clientGone: self = .clientGone
        case .error(let code): self = code.httpStatus >= 500 ? .failed : .refused
        }
    }

    /// As the label `result` says it.
    var label: String {
        switch self {
        case .success: "success"
        case .refused: "refused"
        case .failed: "failed"
        case .clientGone: "client_gone"
        }
    }
}
