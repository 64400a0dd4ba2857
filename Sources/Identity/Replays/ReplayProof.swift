import Crypto

/// What is remembered of a proof: its digest, and whose it is, in 32 bytes.
struct ReplayProof: Equatable {
    /// One more than the greatest place of a scope.
    static let scopesMax = 1 << 24

    /// A digest: up to 28 bytes as they are, the nonce of EMCL among them; of longer ones as much of their SHA-256.
    struct Content: Equatable {
        static let byteCount = 28
        /// Stands for a length where there is a hash, so that no short digest is ever equal to a long one.
        private static let isHashed: UInt64 = 0xFF

        /// The last has 32 bits of the digest, and eight of its length.
        fileprivate let words: (UInt64, UInt64, UInt64, UInt64)

        init(_ digest: [UInt8]) {
            var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            if digest.count <= Self.byteCount {
                withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: digest) }
                words.3 = UInt64(littleEndian: words.3) | UInt64(digest.count) << 32
            } else {
                withUnsafeMutableBytes(of: &words) {
                    $0.copyBytes(from: Array(SHA256.hash(data: digest))[..<Self.byteCount])
                }
                words.3 = UInt64(littleEndian: words.3) | Self.isHashed << 32
            }
            self.words = words
        }

        static func == (one: Self, other: Self) -> Bool { one.words == other.words }

        /// Seeded by the process: who may send proofs cannot choose those that meet in one place.
        var hash: UInt64 {
            var hasher = Hasher()
            hasher.combine(words.0)
            hasher.combine(words.1)
            hasher.combine(words.2)
            hasher.combine(words.3)
            return UInt64(truncatingIfNeeded: hasher.finalize())
        }
    }

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let last: UInt64

    /// - Parameter scope: the place of its scope, less than ``scopesMax``.
    init(_ content: Content, scope: Int) {
        (first, second, third) = (content.words.0, content.words.1, content.words.2)
        last = content.words.3 | UInt64(truncatingIfNeeded: scope) << 40
    }

    /// What fills the memory of proofs that are not there.
    static let none = ReplayProof(Content([]), scope: 0)

    /// The place of its scope.
    var scope: Int { Int(truncatingIfNeeded: last >> 40) }
}
