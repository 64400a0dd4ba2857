/// Stops YAML texts whose few lines stand for billions of nodes before the YAML library sees them.
///
/// Aliases as values share one tree, and the walk over it is bounded by a node count. But the library hashes the keys
/// of every mapping, so an alias inside a key is walked in full before anybody can count. Only keys that are aliases
/// or collections can do that; this looks for them with a scan that errs on the side of finding too many.
enum AliasGuard {
    /// Nodes the library may visit on behalf of keys.
    private static let visitsMax = 1_000_000

    /// The byte offset of the first key that could expand without bound; nil when there is none.
    static func firstExplosiveKey(in text: String) -> Int? {
        var text = text
        return text.withUTF8 { scan($0) }
    }

    private static func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var aliases = 0
        var firstKey: Int?
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "*") where startsToken(bytes, index):
                aliases += 1
                if firstKey == nil, colonFollows(bytes, index + 1, skippingName: true) { firstKey = index }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if firstKey == nil, colonFollows(bytes, index + 1, skippingName: false) { firstKey = index }
            case UInt8(ascii: "?") where startsToken(bytes, index):
                if firstKey == nil { firstKey = index }
            default:
                break
            }
        }
        guard let firstKey, mayExplode(aliases: aliases, bytes: bytes.count) else { return nil }
        return firstKey
    }

    /// n aliases multiply a tree most when each level uses three: 3^(n/3).
    private static func mayExplode(aliases: Int, bytes: Int) -> Bool {
        guard aliases > 0 else { return false }
        var visits = bytes
        for _ in 0..<((aliases + 2) / 3) {
            visits *= 3
            if visits > visitsMax { return true }
        }
        return false
    }

    private static func startsToken(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        guard index > 0 else { return true }
        switch bytes[index - 1] {
        case 0...0x20, 0x80...: return true
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "?"): return true
        default: return false
        }
    }

    private static func colonFollows(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, skippingName: Bool
    ) -> Bool {
        var index = start
        if skippingName { while index < bytes.count, isNameByte(bytes[index]) { index += 1 } }
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index < bytes.count && bytes[index] == UInt8(ascii: ":")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
