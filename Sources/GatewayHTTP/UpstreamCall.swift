/// One call to a worker, from its request to its answer; resumed exactly once.
///
/// Safe to mark as sendable without checks: touched on the pool's event loop alone.
final class UpstreamCall: @unchecked Sendable {
    let deadlineNanoseconds: Int64
    private var continuation: UnsafeContinuation<Result<UpstreamAnswer, UpstreamFailure>, Never>?
    /// The connection that carries the call, once there is one.
    ///
    /// Strong until the call is over: a weak reference would make each retain of the connection, from then on, a slow one.
    var connection: UpstreamConnection?

    init(deadlineNanoseconds: Int64) {
        self.deadlineNanoseconds = deadlineNanoseconds
    }

    /// Whether nobody waits any more.
    var isOver: Bool { continuation == nil }

    func wait(_ continuation: UnsafeContinuation<Result<UpstreamAnswer, UpstreamFailure>, Never>) {
        self.continuation = continuation
    }

    func finish(_ result: Result<UpstreamAnswer, UpstreamFailure>) {
        guard let continuation else { return }
        self.continuation = nil
        connection = nil
        continuation.resume(returning: result)
    }

    /// The task was cancelled: the connection ends with the call, so that the worker notices.
    func cancel() {
        end(.cancelled)
    }

    /// Ends the call early.
    func end(_ failure: UpstreamFailure) {
        guard !isOver else { return }
        let connection = connection
        finish(.failure(failure))
        connection?.abandon()
    }
}
