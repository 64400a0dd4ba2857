/// Which way a message goes; a message sealed for one way opens for no other.
package enum EMCLDirection: UInt8, Sendable, Hashable, CaseIterable {
    /// A client's envelope to the gateway.
    case request = 1
    /// The gateway's answer to a request.
    case answer = 2
    /// The gateway's envelope to a worker.
    case call = 3
    /// A worker's answer to a call.
    case reply = 4

    /// The name in the sealed body.
    package var name: StaticString {
        switch self {
        case .request: "request"
        case .answer: "answer"
        case .call: "call"
        case .reply: "reply"
        }
    }

    /// What keys must be for to seal and open it.
    package var use: KeyUse {
        switch self {
        case .request, .answer: .clients
        case .call, .reply: .workers
        }
    }

    /// The direction of what answers it; nil for what is an answer itself.
    package var answering: EMCLDirection? {
        switch self {
        case .request: .answer
        case .call: .reply
        case .answer, .reply: nil
        }
    }
}
