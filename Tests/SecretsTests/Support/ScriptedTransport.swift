import IntentProtocol
import Secrets
import Synchronization

/// A service that answers as a test says, without a network.
final class ScriptedTransport: ServiceTransport {
    typealias Answer = @Sendable (ServiceRequest) async -> Result<ServiceReply, SourceFault>

    private let state: Mutex<(answer: Answer, requests: [ServiceRequest])>

    init(_ answer: @escaping Answer) {
        state = Mutex((answer, []))
    }

    var requests: [ServiceRequest] { state.withLock { $0.requests } }

    func become(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

    func send(_ request: ServiceRequest) async throws(SourceFault) -> ServiceReply {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answer
        }
        return try await answer(request).get()
    }
}

extension ServiceReply {
    init(_ status: Int, _ text: String) {
        self.init(status: status, body: Array(text.utf8))
    }
}

extension ServiceRequest {
    /// Behind the authority.
    var path: String { "/" + (url.split(separator: "/", maxSplits: 2).last ?? "") }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension SecretVersion {
    var text: String { String(decoding: value.reveal(), as: UTF8.self) }
}
