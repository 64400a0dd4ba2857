import CoreFoundation  // through which stat() comes to us beside Foundation
import Foundation

/// Files of the authority's folder, each written whole or not at all.
package enum KeyFile {
    /// Who may read a file.
    package enum Readers {
        case owner
        case everyone

        var mode: mode_t {
            switch self {
            case .owner: 0o600
            case .everyone: 0o644
            }
        }
    }

    /// No certificate or key is larger.
    private static let bytesMax = 64 << 10

    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Makes a file that was not there.
    package static func create(_ path: String, _ text: String, for readers: Readers) throws(AuthorityFault) {
        // A key is never readable by others, not for a moment; and nothing that lies there is written through.
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, readers.mode)
        guard file >= 0 else { throw AuthorityFault("'\(path)' cannot be made: \(reason())") }
        defer { close(file) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let why = reason()
                unlink(path)
                throw AuthorityFault("'\(path)' cannot be written: \(why)")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Puts a file in the place of the one that may be there; whoever reads sees the old one or the new one.
    package static func replace(_ path: String, _ text: String, for readers: Readers) throws(AuthorityFault) {
        let beside = "\(path).\(getpid()).new"
        unlink(beside)
        try create(beside, text, for: readers)
        guard rename(beside, path) == 0 else {
            let why = reason()
            unlink(beside)
            throw AuthorityFault("'\(path)' cannot be replaced: \(why)")
        }
    }

    /// Does something to a file while no other process that asks for the same does: those that run `emcl keygen`, and gateways that rotate.
    ///
    /// - Parameter patienceMilliseconds: how long to wait for the others.
    package static func alone<Result>(
        with path: String, patienceMilliseconds: Int = 10_000, _ work: () throws -> Result
    ) throws -> Result {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw AuthorityFault("folder '\(folder)' cannot be opened: \(reason())") }
        // The lock goes with the descriptor.
        defer { close(directory) }
        let deadline = ContinuousClock.now + .milliseconds(patienceMilliseconds)
        while flock(directory, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw AuthorityFault("folder '\(folder)' cannot be locked: \(reason())")
            }
            guard ContinuousClock.now < deadline else {
                throw AuthorityFault("another process changes a file of '\(folder)': try again")
            }
            usleep(10_000)
        }
        return try work()
    }

    package static func text(_ path: String, for readers: Readers) throws(AuthorityFault) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw AuthorityFault("'\(path)' cannot be read: \(reason())") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw AuthorityFault("'\(path)' is no plain file")
        }
        switch readers {
        case .everyone: break
        case .owner:
            guard status.st_mode & 0o077 == 0 else {
                throw AuthorityFault("'\(path)' can be read by others than its owner: chmod 600 it, or make a new one")
            }
        }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0, count <= bytesMax else { throw AuthorityFault("'\(path)' is larger than \(bytesMax) bytes") }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Makes a folder and those above it; one that was not there is the owner's alone.
    static func makeFolder(_ path: String) throws(AuthorityFault) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
                throw AuthorityFault("folder '\(made)' cannot be made: \(reason())")
            }
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
