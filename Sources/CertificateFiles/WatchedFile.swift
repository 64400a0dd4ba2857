import Foundation

/// A file that is looked at from time to time: an atomic swap of a mounted folder counts as a change too.
package struct WatchedFile: Sendable {
    package let path: String
    private var stamp: Stamp?

    /// What the file system says of a file.
    private struct Stamp: Equatable, Sendable {
        var inode: UInt64
        var bytes: UInt64
        var modified: Date
    }

    package init(path: String) {
        self.path = path
        stamp = Self.stamp(of: path)
    }

    /// Whether the file is another than when this was last asked; a file that vanished is not a change yet.
    package mutating func hasChanged() -> Bool {
        guard let now = Self.stamp(of: path), now != stamp else { return false }
        stamp = now
        return true
    }

    private static func stamp(of path: String) -> Stamp? {
        // A ConfigMap's file is a link to a link: what counts is the file at its end.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: target) else { return nil }
        return Stamp(
            inode: (facts[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0,
            bytes: (facts[.size] as? NSNumber)?.uint64Value ?? 0,
            modified: facts[.modificationDate] as? Date ?? .distantPast)
    }
}
