import Encryption
import Glibc

/// Puts another key ring in the place of a file, so that whoever reads sees the old one or the new one, and a crash leaves one of them.
enum KeyRingFile {
    /// Changes a ring; only one process at a time does, on whatever machine the folder is mounted that honours `flock`.
    ///
    /// - Parameter work: makes the new text of the old bytes.
    static func change(
        _ path: String, _ work: ([UInt8]) throws(KeyRotationFailure) -> String
    ) throws(KeyRotationFailure) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .unavailable("'\(path)' cannot be looked at: \(reason())") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .sourceIsFixed(
                "'\(path)' is a link or no plain file, as in a mounted secret: change it where it comes from, and every gateway takes it up"
            )
        }
        let parent = folder(of: path)
        guard access(parent, W_OK) == 0 else {
            throw .sourceIsFixed(
                "folder '\(parent)' cannot be written by this process: rotate by intentusnet emcl keygen --add-to, or let it write"
            )
        }
        let directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .unavailable("folder '\(parent)' cannot be opened: \(reason())") }
        defer { close(directory) }
        guard flock(directory, LOCK_EX | LOCK_NB) == 0 else {
            throw .unavailable("another process changes '\(path)' now: try again")
        }
        try replace(path, try work(try read(path)))
        // The name is on disk, too.
        fsync(directory)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func read(_ path: String) throws(KeyRotationFailure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .unavailable("'\(path)' cannot be read: \(reason())") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: KeyRingDocument.bytesMax + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + count, $0.count - count) }
            if more < 0 && errno == EINTR { continue }
            guard more >= 0 else { throw .unavailable("'\(path)' cannot be read: \(reason())") }
            guard more > 0 else { break }
            count += more
        }
        return Array(bytes[..<count])
    }

    private static func replace(_ path: String, _ text: String) throws(KeyRotationFailure) {
        let beside = "\(path).\(getpid()).new"
        unlink(beside)
        // A key is never readable by others, not for a moment; and nothing that lies there is written through.
        let file = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unavailable("'\(beside)' cannot be made: \(reason())") }
        let fault = write(text, to: file)
        close(file)
        guard fault == nil, rename(beside, path) == 0 else {
            let why = fault ?? reason()
            unlink(beside)
            throw .unavailable("'\(path)' cannot be replaced: \(why)")
        }
    }

    private static func write(_ text: String, to file: Int32) -> String? {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return reason() }
            rest = rest.dropFirst(count)
        }
        return fsync(file) == 0 ? nil : reason()
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
