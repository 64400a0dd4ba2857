import Synchronization

/// Where the ring of now is found; a new one takes its place while calls in flight keep theirs.
package final class KeyRingHolder: Sendable {
    private let ring: Mutex<KeyRing>

    /// Holds a first ring.
    package init(_ ring: KeyRing) {
        self.ring = Mutex(ring)
    }

    /// The ring of now.
    package var current: KeyRing { ring.withLock { $0 } }

    /// Puts a ring in the place of the one that is there; keys that both hold go on counting.
    ///
    /// - Returns: the ring that was there.
    @discardableResult
    package func replace(with next: KeyRing) -> KeyRing {
        ring.withLock { ring in
            let previous = ring
            ring = next.continuing(previous)
            return previous
        }
    }

    /// Lets some keys wait before they seal, and all others seal when their time has come.
    package func holdBack(_ ids: Set<String>) {
        ring.withLock { ring in
            if ring.heldBack != ids { ring = ring.holdingBack(ids) }
        }
    }
}
