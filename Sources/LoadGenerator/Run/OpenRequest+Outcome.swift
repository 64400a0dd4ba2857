import IntentProtocol
import IntentusClient
import Machine

extension LoadConnection.OpenRequest {
    /// What an answer means for this request.
    func outcome(of answer: AnswerReader.Answer) -> Outcome {
        guard let sealed else { return Self.outcome(status: answer.status, body: answer.body) }
        do throws(IntentError) {
            let opened = try sealed.open(
                GatewayAnswer(status: answer.status, body: answer.body),
                unixMilliseconds: MachineClock.unixMilliseconds())
            return Self.outcome(status: answer.status, body: opened.body)
        } catch {
            return .unopened
        }
    }

    private static func outcome(status: Int, body: [UInt8]) -> Outcome {
        .answered(status: status, code: status >= 300 ? ErrorCodeScan.code(in: body)?.rawValue : nil)
    }
}

/// Finds the wire's code in the body of a refusal.
enum ErrorCodeScan {
    private static let marker = Array(#""code":""#.utf8)

    /// One of the codes that the wire knows, so that no server can make reports grow; nil for anything else.
    static func code(in body: [UInt8]) -> ErrorCode? {
        var index = 0
        while index + marker.count < body.count {
            guard body[index] == marker[0], body[index...].starts(with: marker) else {
                index += 1
                continue
            }
            let text = body[(index + marker.count)...].prefix { $0 != UInt8(ascii: "\"") }
            return text.count <= 40 ? ErrorCode(rawValue: String(decoding: text, as: UTF8.self)) : nil
        }
        return nil
    }
}
