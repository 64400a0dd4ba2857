import Synchronization

/// When the chains end that leaf certificates were verified by: a resumed session brings its leaf along, and nothing of what
/// stands above it.
///
/// Lives as long as the context whose sessions it is for. When there are too many, the older half is forgotten; whoever resumes
/// a session of it has to shake hands anew.
final class VerifiedEnds: Sendable {
    /// Leaves in each half; a usual one has less than a kilobyte.
    static let halfMax = 2_048

    private struct State {
        var young: [[UInt8]: Int64] = [:]
        var old: [[UInt8]: Int64] = [:]
    }

    private let state = Mutex(State())

    /// - Parameter leaf: in DER.
    func remember(_ endSeconds: Int64, of leaf: [UInt8]) {
        state.withLock { state in
            if state.young[leaf] == nil, state.young.count >= Self.halfMax {
                (state.old, state.young) = (state.young, [:])
            }
            // Shown with several chains, it holds for as long as the last of them.
            state.young[leaf] = max(endSeconds, state.young[leaf] ?? state.old[leaf] ?? endSeconds)
        }
    }

    /// The Unix second; nil where the leaf is not known, or not any more.
    func endSeconds(of leaf: [UInt8]) -> Int64? { state.withLock { $0.young[leaf] ?? $0.old[leaf] } }
}
