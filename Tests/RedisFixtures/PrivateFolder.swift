import Foundation
import Synchronization

/// A temporary folder that only this user reads; it goes with its owner, or at the latest when the tests end.
package final class PrivateFolder: Sendable {
    package let path: String
    private static let open = Mutex<Set<String>>([])
    /// This process among all that may share the temporary folder: its id is unique only in its namespace.
    private static let owner: String = {
        let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return "intentusnet-redis-\(namespace.filter(\.isNumber))-"
    }()
    private static let root = FileManager.default.temporaryDirectory
    /// Clears up after earlier test runs that crashed, and at the exit of this one: fixtures in static variables are
    /// never released.
    private static let sweep: Void = {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [] {
            guard name.hasPrefix(owner), let process = Int32(name.dropFirst(owner.count).prefix { $0 != "-" }),
                kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: root.appending(path: name))
        }
        atexit { for path in PrivateFolder.open.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) } }
    }()

    package init() throws {
        _ = Self.sweep
        var template = Array(Self.root.appending(path: "\(Self.owner)\(getpid())-XXXXXX").path.utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FixtureError("no temporary folder: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        Self.open.withLock { _ = $0.insert(path) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        Self.open.withLock { _ = $0.remove(path) }
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file that only this user reads.
    /// - Returns: its path.
    package func write(_ name: String, _ text: String) throws -> String {
        let made = FileManager.default.createFile(
            atPath: file(name), contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard made else { throw FixtureError("cannot write \(file(name))") }
        return file(name)
    }

    /// The end of a text file, for the message of a failure.
    package func tail(of name: String, characters: Int = 800) -> String {
        String(((try? String(contentsOfFile: file(name), encoding: .utf8)) ?? "").suffix(characters))
    }
}
