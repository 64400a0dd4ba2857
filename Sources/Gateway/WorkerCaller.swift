package import Routing

/// The port to agent workers: one call to one instance.
package protocol WorkerCaller: Sendable {
    /// Posts `body`, a complete frame, to the instance and waits for its answer.
    ///
    /// - Parameters:
    ///   - headerLines: complete header lines, each ended by CR LF, beside those of HTTP itself.
    ///   - deadlineNanoseconds: on the clock of ``Surroundings/monotonicNanoseconds()``.
    /// - Throws: ``WorkerFailure``; a cancelled task closes the connection and throws `.cancelled`.
    func call(
        _ url: InstanceURL, body: [UInt8], headerLines: [UInt8], deadlineNanoseconds: Int64
    ) async throws(WorkerFailure) -> WorkerAnswer
}

/// An HTTP answer of a worker, inside the limits of the caller.
package struct WorkerAnswer: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why a call to a worker brought no answer.
package enum WorkerFailure: Error, Sendable, Equatable {
    /// No connection came about: nothing was sent, another instance may be tried.
    case connectFailed
    /// The pool of connections to the instance is full and its queue too: nothing was sent.
    case overloaded
    /// The deadline passed; the worker may have done the work.
    case timedOut
    /// The connection broke before an answer was complete; the worker may have done the work.
    case connectionLost
    /// The answer was not HTTP as it should be.
    case badResponse(String)
    /// The answer was larger than the gateway accepts.
    case responseTooLarge
    /// The caller went away.
    case cancelled
}
