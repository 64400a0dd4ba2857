import Synchronization

/// What all connections of a server hold of requests that are not answered and of answers that are not taken: never more than a
/// stated number of bytes together, and never more than a quarter of them for one peer.
///
/// Asked in steps, and only for what a connection holds beyond its first ``HeldBytes/ownBytes``: an ordinary request never is.
final class BufferedBytes: Sendable {
    private struct Taken {
        var all = 0
        var byPeer: [PeerNetwork: Int] = [:]
    }

    private let bytesMax: Int
    private let bytesPerPeerMax: Int
    private let taken = Mutex(Taken())

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
        bytesPerPeerMax = bytesMax / 4
    }

    var count: Int { taken.withLock { $0.all } }

    /// - Parameter peer: for whom; nil is not counted by peer.
    /// - Returns: false, and nothing is taken, where it would be more than may be.
    func take(_ bytes: Int, for peer: PeerNetwork?) -> Bool {
        taken.withLock { taken in
            guard taken.all + bytes <= bytesMax else { return false }
            if let peer {
                guard taken.byPeer[peer, default: 0] + bytes <= bytesPerPeerMax else { return false }
                taken.byPeer[peer, default: 0] += bytes
            }
            taken.all += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int, of peer: PeerNetwork?) {
        taken.withLock { taken in
            taken.all -= bytes
            guard let peer else { return }
            // A peer that holds nothing is forgotten.
            guard let count = taken.byPeer[peer], count > bytes else { return taken.byPeer[peer] = nil }
            taken.byPeer[peer] = count - bytes
        }
    }
}
