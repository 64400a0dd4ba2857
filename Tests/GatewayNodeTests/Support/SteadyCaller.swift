import Foundation
import Synchronization

/// A client that sends sealed requests, one after the other, from a thread of its own, whatever happens to the keys meanwhile.
final class SteadyCaller: Sendable {
    /// What came of it.
    struct Outcome: Sendable {
        var successCount = 0
        /// Each answer that was none of success, or could not be opened.
        var failures: [String] = []
    }

    private let outcome = Mutex(Outcome())
    private let isStopped = DispatchSemaphore(value: 0)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Asks from now on until ``stop()``, some fifty times a second.
    init(_ node: TestNode, _ peer: SealingPeer) throws {
        let (port, token) = (node.port, try TestNode.token())
        Thread { [self] in
            repeat {
                do {
                    let asked = try peer.seal()
                    let reply = try SocketClient(port: port).post(asked.frame, token: token)
                    let answer = reply.status == 200 ? try peer.open(reply.body, as: asked.answer) : [:]
                    let isSuccess = answer["status"] as? String == "success"
                    outcome.withLock { if isSuccess { $0.successCount += 1 } else { $0.failures.append("\(reply)") } }
                } catch {
                    outcome.withLock { $0.failures.append("\(error)") }
                }
            } while isStopped.wait(timeout: .now() + .milliseconds(20)) == .timedOut
            hasEnded.signal()
        }.start()
    }

    /// Ends the calls; gives what came of all.
    func stop() async throws -> Outcome {
        isStopped.signal()
        try await offPool { self.hasEnded.wait() }
        return outcome.withLock { $0 }
    }
}
