import Synchronization

/// Holds notices back that would fill a log: of each kind one in a while, with how many there were between.
package final class NoticeLimit: Sendable {
    private struct Kind {
        var toldSeconds: Int64
        var heldBack = 0
    }

    private let everySeconds: Int64
    private let kinds = Mutex<[String: Kind]>([:])

    /// - Parameter everySeconds: how long a kind is silent after one of it.
    package init(everySeconds: Int64) { self.everySeconds = everySeconds }

    /// - Parameters:
    ///   - kind: one of few; each is remembered.
    ///   - nowSeconds: of any clock.
    /// - Returns: how many of the kind were held back since the last one; nil holds this one back too.
    package func admit(_ kind: String, nowSeconds: Int64) -> Int? {
        kinds.withLock { kinds in
            if var known = kinds[kind], abs(nowSeconds - known.toldSeconds) < everySeconds {
                known.heldBack += 1
                kinds[kind] = known
                return nil
            }
            let heldBack = kinds[kind]?.heldBack ?? 0
            kinds[kind] = Kind(toldSeconds: nowSeconds)
            return heldBack
        }
    }
}
