import Gateway
import GatewayHTTP
import NIOCore
import Routing

/// The worker connections of one event loop, behind the gateway's port.
struct WorkerConnections: WorkerCaller {
    private let pool: UpstreamPool

    init(_ pool: UpstreamPool) {
        self.pool = pool
    }

    func call(
        _ url: InstanceURL, body: [UInt8], headerLines: [UInt8], deadlineNanoseconds: Int64
    ) async throws(WorkerFailure) -> WorkerAnswer {
        do throws(UpstreamFailure) {
            let answer = try await pool.call(
                UpstreamEndpoint(
                    host: url.host, port: url.port, hostHeader: url.hostHeader, path: url.path,
                    security: UpstreamSecurity(url)),
                body: body, headerLines: headerLines, deadlineNanoseconds: deadlineNanoseconds)
            return WorkerAnswer(status: answer.status, body: answer.body)
        } catch {
            throw WorkerFailure(error)
        }
    }
}

extension WorkerFailure {
    fileprivate init(_ failure: UpstreamFailure) {
        self =
            switch failure {
            case .connectFailed: .connectFailed
            case .overloaded: .overloaded
            case .timedOut: .timedOut
            case .connectionLost: .connectionLost
            case .badResponse(let text): .badResponse(text)
            case .responseTooLarge: .responseTooLarge
            case .cancelled: .cancelled
            }
    }
}

extension UpstreamSecurity {
    /// A service that is expected is looked for by its name alone, never by its host's.
    fileprivate init(_ url: InstanceURL) {
        guard url.isTLS else {
            self = .none
            return
        }
        self = url.principal.map { .principal($0) } ?? .hostName
    }
}
