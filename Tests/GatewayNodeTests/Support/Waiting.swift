import Foundation
import Testing

/// Runs blocking work on a thread that is not of Swift's pool.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try work() }) }.start()
    }
}

/// Polls until a condition that has to be awaited holds; fails after the deadline.
///
/// - Returns: how long it took.
@discardableResult
func eventually(
    withinSeconds seconds: Int = 10, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws -> Duration {
    let start = ContinuousClock.now
    while try await !condition() {
        guard ContinuousClock.now - start < .seconds(seconds) else {
            Issue.record("not within \(seconds) seconds", sourceLocation: sourceLocation)
            break
        }
        try await Task.sleep(for: .milliseconds(20))
    }
    return ContinuousClock.now - start
}

extension TestNode {
    /// Overwrites a file of the node's folder as an editor does: a new file in the place of the old one.
    func write(_ text: String, to name: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    /// The value of a metric series, nil when it is not there.
    func metric(_ series: String) async throws -> Double? { try await AdminPage.metric(series, self) }

    /// Sends a bare envelope and gives the answer, from a thread that is not of Swift's pool.
    func answer(_ body: String = Envelope.bare(), token: String?) async throws -> SocketClient.Reply {
        let port = port
        return try await offPool { try SocketClient(port: port).post(body, token: token) }
    }
}
