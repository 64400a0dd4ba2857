import Observability
import Synchronization

/// An audit output in memory that can be told how much it takes.
final class CollectingWriter: AuditWriter {
    private struct State {
        var bytes: [UInt8] = []
        var allowance = Int.max
        var calls = 0
        var place = AuditPlace.same
        var past: AuditLink?
    }

    private let state = Mutex(State())
    private let onWrite: @Sendable () -> Void

    init(onWrite: @escaping @Sendable () -> Void = {}) {
        self.onWrite = onWrite
    }

    /// How many further bytes it takes.
    func allow(_ bytes: Int) { state.withLock { $0.allowance = bytes } }

    var text: String { String(decoding: state.withLock(\.bytes), as: UTF8.self) }
    /// The lines whose records were appended; those that the log writes about itself are left out.
    var lines: [Substring] { allLines.filter { !$0.contains(#""event":"audit_"#) } }
    var allLines: [Substring] { text.split(separator: "\n") }
    var calls: Int { state.withLock(\.calls) }

    /// What it says of its place, once.
    func become(_ place: AuditPlace, past: AuditLink? = nil) { state.withLock { ($0.place, $0.past) = (place, past) } }

    func prepare(bytes: Int) -> AuditPlace {
        state.withLock { state in
            defer { if state.place == .new { state.place = .same } }
            return state.place
        }
    }

    func past() -> AuditLink? { state.withLock(\.past) }

    func write(_ lines: UnsafeRawBufferPointer) -> AuditWriting {
        let taken = state.withLock { state in
            let taken = min(lines.count, state.allowance)
            state.bytes.append(contentsOf: lines.prefix(taken))
            state.allowance -= taken
            state.calls += 1
            return taken
        }
        onWrite()
        return AuditWriting(bytes: taken, fault: taken < lines.count ? AuditFault("full") : nil)
    }
}
