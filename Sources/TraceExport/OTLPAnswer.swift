package import GatewayHTTP
import IntentProtocol

extension SpanDelivery {
    /// What a receiver's answer means: 2xx takes, perhaps not all; 429, 502, 503 and 504 are for later; anything else is for good.
    package init(_ answer: UpstreamAnswer) {
        switch answer.status {
        case 200..<300: self = .accepted(rejectedSpans: Self.rejectedSpans(answer.body))
        case 429, 502, 503, 504: self = .notNow(retryAfterMilliseconds: Self.milliseconds(answer.retryAfter))
        default: self = .refused
        }
    }

    /// No answer at all: whether the spans arrived is not known, and twice is better than not at all.
    package init(_ failure: UpstreamFailure) {
        switch failure {
        case .connectFailed, .overloaded, .timedOut, .connectionLost, .cancelled:
            self = .notNow(retryAfterMilliseconds: nil)
        case .badResponse, .responseTooLarge: self = .refused
        }
    }

    /// `partialSuccess.rejectedSpans`, a 64-bit integer and so a text of digits in this encoding.
    private static func rejectedSpans(_ body: [UInt8]) -> Int {
        guard let answer = try? JSONValue(parsing: body), case .object(let object) = answer,
            case .object(let partial)? = object["partialSuccess"], let count = partial["rejectedSpans"]
        else { return 0 }
        return max(0, Int(clamping: count.intValue ?? count.stringValue.flatMap { Int64($0) } ?? 0))
    }

    /// Seconds; a date is answered by our own back-off.
    private static func milliseconds(_ retryAfter: String?) -> Int64? {
        retryAfter.flatMap { Int64($0) }.map { min(max(0, $0), 3_600) * 1_000 }
    }
}
