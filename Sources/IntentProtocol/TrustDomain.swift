/// The name of a SPIFFE trust domain: 1 to 255 characters of `a-z 0-9 . - _`.
///
/// Upper case is refused: the standard wants lower case in one place and speaks of ignoring letter case in another, and two
/// spellings of one domain would be two entries in whatever compares bytes.
package struct TrustDomain: Sendable, Hashable, CustomStringConvertible {
    /// The longest name in bytes.
    package static let bytesMax = 255

    /// The name; ASCII.
    package let name: String

    /// Takes a name; nil when it is none.
    package init?(_ name: some Collection<UInt8>) {
        guard (1...Self.bytesMax).contains(name.count), name.allSatisfy(Self.isAllowed) else { return nil }
        self.name = String(decoding: name, as: UTF8.self)
    }

    /// Takes a name; nil when it is none.
    package init?(_ name: String) {
        self.init(name.utf8)
    }

    package var description: String { name }

    static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
