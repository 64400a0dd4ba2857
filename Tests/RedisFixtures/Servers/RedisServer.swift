import Foundation
import Synchronization

/// One redis-server of a test on a port of 127.0.0.1, with a folder of its own.
package final class RedisServer: Sendable {
    package let port: Int
    /// Where it speaks TLS, if the options ask for it.
    package let tlsPort: Int
    private let folder: PrivateFolder
    private let arguments: [String]
    /// Keeps the files of the certificates for a restart.
    private let tls: RedisServerOptions.TLS?
    private let process = Mutex<SpawnedProcess?>(nil)

    /// Whether this machine has what the fixtures start.
    package static var isInstalled: Bool {
        ["redis-server", "setpriv"].allSatisfy { program in
            (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
                .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
        }
    }

    /// Prepares a server; `start` starts it.
    package convenience init(_ options: RedisServerOptions = RedisServerOptions()) throws {
        try self.init(tls: options.tls, arguments: []) { options.configuration(port: $0, tlsPort: $1, folder: $2) }
    }

    init(
        tls: RedisServerOptions.TLS?, arguments: [String],
        lines: (_ port: Int, _ tlsPort: Int, _ folder: String) -> [String]
    ) throws {
        port = try FreePorts.next()
        tlsPort = tls == nil ? 0 : try FreePorts.next()
        self.tls = tls
        folder = try PrivateFolder()
        // The server may rewrite its file (a replica becomes master): a restart goes on from there.
        let file = try folder.write("redis.conf", lines(port, tlsPort, folder.path).joined(separator: "\n") + "\n")
        self.arguments = [file] + arguments
    }

    /// A server that is up.
    package static func started(_ options: RedisServerOptions = RedisServerOptions()) throws -> RedisServer {
        let server = try RedisServer(options)
        try server.start()
        return server
    }

    /// Starts several at once and waits until all answer.
    static func start(_ servers: [RedisServer]) throws {
        for server in servers { try server.launch() }
        for server in servers { try server.waitUntilReady() }
    }

    deinit { kill9() }

    /// Starts it and waits until it answers.
    ///
    /// - Throws: `FixtureError` with the end of its log when it does not.
    package func start() throws {
        try launch()
        try waitUntilReady()
    }

    /// Ends it in its own time: it closes its connections, then exits.
    package func stop() {
        guard let running = process.withLock({ $0 }) else { return }
        running.signal(SIGCONT)
        running.signal(SIGTERM)
        _ = try? running.waitForEnd(milliseconds: 2_000)
        kill9()
    }

    /// Ends it at once, as a crash does.
    package func kill9() { process.withLock { $0.take() }?.kill9() }

    /// Kills it and starts it again on the same port, without its data.
    package func restart() throws {
        kill9()
        try start()
    }

    /// Lets it hang: connections stay, nothing is answered.
    package func freeze() { process.withLock { $0 }?.signal(SIGSTOP) }

    /// Lets a frozen one go on.
    package func thaw() { process.withLock { $0 }?.signal(SIGCONT) }

    /// Where the other members of its set or cluster find it.
    var memberPort: Int { tlsPort == 0 ? port : tlsPort }

    package var isRunning: Bool { process.withLock { $0 }?.isRunning ?? false }

    /// Whether it answers now.
    package var isReady: Bool { (try? cli(["PING"], timeoutMilliseconds: 500)) == .status("PONG") }

    package var processIdentifier: Int32? { process.withLock { $0 }?.identifier }

    /// What it printed last.
    package var log: String { folder.tail(of: "redis.log", characters: 4_000) }

    /// A connection for several commands, by default as a user who may do everything.
    package func connection(
        login: RedisLogin? = .fixture, timeoutMilliseconds: Int = 2_000
    ) throws -> RESPConnection {
        try RESPConnection(port: port, login: login, timeoutMilliseconds: timeoutMilliseconds)
    }

    /// One command on a connection of its own, by default as a user who may do everything.
    @discardableResult
    package func cli(
        _ words: [String], login: RedisLogin? = .fixture, timeoutMilliseconds: Int = 2_000
    ) throws -> RESPValue {
        try connection(login: login, timeoutMilliseconds: timeoutMilliseconds).roundTrip(words)
    }

    /// A command that must succeed.
    ///
    /// - Throws: `FixtureError` also when the server answers with an error.
    @discardableResult
    package func order(_ words: String...) throws -> RESPValue {
        let reply = try cli(words)
        guard reply.error == nil else { throw FixtureError("port \(port), \(words.joined(separator: " ")): \(reply)") }
        return reply
    }

    /// The fields of one section of INFO.
    package func info(_ section: String) throws -> [String: String] { try order("INFO", section).infoFields }

    /// Waits until so many replicas have all that was written here so far.
    ///
    /// A link that is "up" is not enough: a new replica gets nothing until it has said that it is there, which may take
    /// a second.
    /// - Parameter milliseconds: how long.
    /// - Throws: `FixtureError` when fewer have it in time.
    package func waitForReplicas(_ count: Int, milliseconds: Int = 2_000) throws {
        let connection = try connection(timeoutMilliseconds: milliseconds + 2_000)
        // WAIT counts from the last command of its connection that went to the replicas.
        _ = try connection.roundTrip(["PUBLISH", "fixture", "here"])
        let reply = try connection.roundTrip(["WAIT", "\(count)", "\(milliseconds)"])
        guard let reached = reply.integer, reached >= count else {
            throw FixtureError("port \(port): \(reply) of \(count) replicas have what was written")
        }
    }

    /// Starts the process without waiting for its answer.
    func launch() throws {
        guard !isRunning else { throw FixtureError("the server on port \(port) runs already") }
        let started = try SpawnedProcess(["redis-server"] + arguments, log: folder.file("redis.log"))
        process.withLock { $0 = started }
    }

    func waitUntilReady() throws {
        do {
            try Deadline.wait(for: "redis-server on port \(port)", milliseconds: Deadline.startMilliseconds) {
                guard isRunning else { return true }
                // Another process on this port would answer too.
                return try info("server")["process_id"] == processIdentifier.map { "\($0)" }
            }
            guard isRunning else { throw FixtureError("redis-server on port \(port) ended when it had just started") }
        } catch {
            throw FixtureError("\(error)\n\(log)")
        }
    }
}
