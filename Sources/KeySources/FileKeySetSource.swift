import Foundation
package import Identity
import Synchronization

/// Reads a key set from a file.
package final class FileKeySetSource: KeySetSource {
    /// What the file system says of a file; its content is read only when this differs.
    private struct Stamp: Equatable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    private let path: String
    private let lastFetched = Mutex<Stamp?>(nil)

    /// Makes a source of that path; the file is looked for at each fetch.
    package init(path: String) {
        self.path = path
    }

    /// Reads the file, at most 512 KiB of it.
    package func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        // A pipe or device would keep the reader for as long as it likes.
        guard let (stamp, isRegular) = Self.stamp(of: path), isRegular else {
            throw .unreachable("'\(path)' is not there or not a regular file")
        }
        lastFetched.withLock { $0 = stamp }
        guard stamp.size <= KeySet.bytesMax else { throw .tooLarge("it has more than \(KeySet.bytesMax) bytes") }
        guard let file = FileHandle(forReadingAtPath: path) else { throw .unreachable("'\(path)' cannot be opened") }
        defer { try? file.close() }
        do {
            let data = try file.read(upToCount: KeySet.bytesMax + 1) ?? Data()
            return FetchedKeySet(bytes: Array(data))
        } catch {
            throw .unreachable("'\(path)' cannot be read")
        }
    }

    /// Whether the file is another than at the last fetch, by its time, size and identity; one that vanished is not.
    package func hasChanged() -> Bool {
        guard let (stamp, _) = Self.stamp(of: path) else { return false }
        return lastFetched.withLock { $0 != stamp }
    }

    private static func stamp(of path: String) -> (Stamp, isRegular: Bool)? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        let stamp = Stamp(
            device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size),
            seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec)
        return (stamp, info.st_mode & S_IFMT == S_IFREG)
    }
}
