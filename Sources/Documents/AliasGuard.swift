/// Stops YAML texts whose few lines stand for billions of nodes before the YAML library sees them.
///
/// Aliases as values share one tree, and the walk over it is bounded by a node count. But the library hashes the keys
/// of every mapping, so an alias inside a key is walked in full before anybody can count. Only keys that are aliases
/// or collections can do that.
enum AliasGuard {
    /// Nodes the library may visit on behalf of keys.
    private static let visitsMax = 1_000_000

    /// The byte offset of the first key that could expand without bound; nil when there is none.
    static func firstExplosiveKey(in text: String) -> Int? {
        // Most texts have no stars worth looking at, wherever they stand.
        guard mayExplode(aliases: text.utf8.count { $0 == UInt8(ascii: "*") }, bytes: text.utf8.count) else {
            return nil
        }
        var scanner = AliasScanner(text)
        scanner.scan()
        guard let key = scanner.firstKey, mayExplode(aliases: scanner.aliases, bytes: text.utf8.count) else {
            return nil
        }
        return text.unicodeScalars.prefix(key).reduce(0) { $0 + UTF8.width($1) }
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
}
