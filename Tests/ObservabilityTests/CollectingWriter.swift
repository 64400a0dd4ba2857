import Observability
import Synchronization

/// An audit output in memory that can be told how much it takes.
final class CollectingWriter: AuditWriter {
    private struct State {
        var bytes: [UInt8] = []
        var allowance = Int.max
        var calls = 0
    }

    private let state = Mutex(State())
    private let onWrite: @Sendable () -> Void

    init(onWrite: @escaping @Sendable () -> Void = {}) {
        self.onWrite = onWrite
    }

    /// How many further bytes it takes.
    func allow(_ bytes: Int) { state.withLock { $0.allowance = bytes } }

    var text: String { String(decoding: state.withLock(\.bytes), as: UTF8.self) }
    var lines: [Substring] { text.split(separator: "\n") }
    var calls: Int { state.withLock(\.calls) }

    func write(_ lines: UnsafeRawBufferPointer) -> Int {
        let taken = state.withLock { state in
            let taken = min(lines.count, state.allowance)
            state.bytes.append(contentsOf: lines.prefix(taken))
            state.allowance -= taken
            state.calls += 1
            return taken
        }
        onWrite()
        return taken
    }
}
