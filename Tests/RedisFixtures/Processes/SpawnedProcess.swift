import Foundation
import Synchronization

/// A started program that does not outlive the tests: ended by its id, and by the kernel when this process dies.
package final class SpawnedProcess: Sendable {
    package let identifier: Int32
    /// Set once the process was waited for; from then on its id may belong to another.
    private let status = Mutex<Int32?>(nil)

    /// Starts a program found in the PATH, with an empty signal mask and no open file but the three standard ones.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments.
    ///   - log: the file that takes what it prints.
    /// - Throws: `FixtureError` when it cannot be started.
    package init(_ words: [String], log: String) throws {
        let guarded = ["setpriv", "--pdeathsig", "KILL"] + words
        let (error, identifier) = SpawningThread.shared.run { Self.spawn(guarded, log) }
        guard error == 0 else {
            throw FixtureError(
                "cannot start \(words[0]) by setpriv (package util-linux): \(String(cString: strerror(error)))")
        }
        self.identifier = identifier
    }

    deinit { kill9() }

    package var isRunning: Bool { endStatus(WNOHANG) == nil }

    /// Sends a signal, unless the process has ended.
    package func signal(_ number: Int32) {
        guard isRunning else { return }
        status.withLock { if $0 == nil { kill(identifier, number) } }
    }

    /// Ends it at once, as a crash does, and waits until it is gone.
    package func kill9() {
        signal(SIGKILL)
        _ = endStatus(0)
    }

    /// Waits for its own end.
    ///
    /// - Returns: the exit code; 128 and the signal when a signal ended it.
    /// - Throws: `FixtureError` when it still runs after the time.
    package func waitForEnd(milliseconds: Int) throws -> Int32 {
        try Deadline.wait(for: "the end of process \(identifier)", milliseconds: milliseconds) { !isRunning }
        let status = endStatus(0) ?? 0
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments.
    ///   - folder: takes a file with what it prints.
    ///   - milliseconds: how long it may take.
    /// - Returns: what it printed.
    /// - Throws: `FixtureError` with what it printed when it fails or takes too long.
    package static func run(
        _ words: [String], in folder: PrivateFolder, withinMilliseconds milliseconds: Int = Deadline.startMilliseconds
    ) throws -> String {
        let log = "output-\(UUID().uuidString).log"
        let process = try SpawnedProcess(words, log: folder.file(log))
        let code = try process.waitForEnd(milliseconds: milliseconds)
        let output = folder.tail(of: log, characters: 20_000)
        guard code == 0 else {
            throw FixtureError("\(words.joined(separator: " ")) ended with \(code): \(output)")
        }
        return output
    }

    private func endStatus(_ options: Int32) -> Int32? {
        status.withLock { known in
            if let known { return known }
            var found: Int32 = 0
            var result: Int32
            repeat { result = waitpid(identifier, &found, options) } while result < 0 && errno == EINTR
            if result == 0 { return nil }
            known = found
            return found
        }
    }

    private typealias CloseFrom =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    /// `posix_spawn_file_actions_addclosefrom_np`, which the C library has and its header hides from Swift.
    private static let closeAllFrom: CloseFrom? = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np")
        .map { unsafeBitCast($0, to: CloseFrom.self) }

    private static func spawn(_ words: [String], _ log: String) -> (error: Int32, identifier: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // An inherited connection would stay open after the test closed it.
        _ = closeAllFrom?(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The starting thread may block or ignore signals; SIGTERM must reach the program all the same.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let environment = Self.copies(["PATH=\(path)", "LC_ALL=C"])
        let arguments = Self.copies(words)
        defer { (environment + arguments).forEach { free($0) } }
        var identifier: pid_t = 0
        let error = posix_spawnp(&identifier, words[0], &actions, &attributes, arguments, environment)
        return (error, identifier)
    }

    private static func copies(_ words: [String]) -> [UnsafeMutablePointer<CChar>?] {
        words.map { strdup($0) } + [nil]
    }
}
