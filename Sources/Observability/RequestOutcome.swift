package import IntentProtocol

/// How a request ended, as a metric label.
package enum RequestOutcome: Sendable, Hashable {
    case success
    /// The caller went away before the answer.
    case clientGone
    case error(ErrorCode)

    static let count = 2 + ErrorCode.allCases.count
    private static let codes = ErrorCode.allCases

    /// 0 ..< count.
    var index: Int {
        switch self {
        case .success: 0
        case .clientGone: 1
        case .error(let code): 2 + (Self.codes.firstIndex(of: code) ?? 0)
        }
    }

    /// `success`, `client_gone` or the wire's error code.
    static func label(at index: Int) -> String {
        switch index {
        case 0: "success"
        case 1: "client_gone"
        default: codes[index - 2].rawValue
        }
    }
}
