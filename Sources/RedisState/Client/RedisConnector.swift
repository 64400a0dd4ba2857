import IntentProtocol
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections and greets the server: who we are, which database, which scripts.
struct RedisConnector: Sendable {
    /// Why there is no connection; the text is for the log.
    struct Fault: Error, Sendable {
        let reason: String
    }

    /// What the other end is, which decides the greeting.
    enum Peer: Sendable {
        /// The one server, or the master that the sentinels name.
        case master
        /// A node of a cluster.
        case clusterNode
        /// A sentinel.
        case sentinel
        /// A server that is only listened to.
        case publisher
    }

    let eventLoop: any EventLoop
    let settings: RedisSettings
    let counters: RedisCounters

    /// Connects, and returns when the server has accepted the greeting.
    func connect(to address: RedisAddress, as peer: Peer) async throws(Fault) -> RedisConnection {
        let connection = RedisConnection(eventLoop: eventLoop, settings: settings, counters: counters)
        do {
            try await open(connection, address)
        } catch {
            throw Fault(reason: ConnectionFault.reason(of: error))
        }
        // Who ends does not wait for a server that says nothing.
        let fault: Fault? = await withTaskCancellationHandler {
            do throws(Fault) {
                try await greet(connection, peer)
                return nil
            } catch {
                return error
            }
        } onCancel: {
            close(connection, "the client is closed")
        }
        if let fault {
            close(connection, fault.reason)
            throw fault
        }
        return connection
    }

    /// Asks on a connection from any thread.
    func ask(_ connection: RedisConnection, _ words: CommandWords, withinMilliseconds: Int64) async
        -> RedisConnection.Reply
    {
        let deadline = RedisConnection.now() + withinMilliseconds * 1_000_000
        return await withUnsafeContinuation { continuation in
            eventLoop.execute { connection.ask(words, deadlineNanoseconds: deadline, continuation) }
        }
    }

    func close(_ connection: RedisConnection, _ reason: String) {
        eventLoop.execute { connection.close(reason) }
    }

    private func open(_ connection: RedisConnection, _ address: RedisAddress) async throws {
        let tls = settings.tls
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(settings.connectTimeoutMilliseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        // An address has no server name; its certificate is then checked against the address itself.
                        let isLiteral = (try? SocketAddress(ipAddress: address.host, port: 0)) != nil
                        let handler = try NIOSSLClientHandler(
                            context: tls.context, serverHostname: isLiteral ? nil : address.host)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        _ = try await bootstrap.connect(host: address.host, port: address.port).get()
    }

    private func greet(_ connection: RedisConnection, _ peer: Peer) async throws(Fault) {
        let isSentinel = if case .sentinel = peer { true } else { false }
        let credentials = isSentinel ? settings.sentinelCredentials : settings.credentials
        if let password = credentials.password {
            var words = CommandWords(wordCount: 4, byteCount: 128)
            words.append("AUTH")
            if let username = credentials.username { words.append(username) }
            words.append(password.reveal())
            try await authenticate(connection, words)
        }
        if case .master = peer, settings.database != 0 {
            try await require(connection, CommandWords("SELECT", String(settings.database)))
        }
        if case .master = peer { try await checkIsMaster(connection) }
        // A server that loads its data says so to this, and not to what comes before it.
        try await requireAnswer(connection)
        // Helpful, and not needed: an ACL may forbid either.
        _ = await ask(connection, CommandWords("CLIENT", "SETNAME", settings.clientName), withinMilliseconds: timeout)
        guard !isSentinel else { return }
        if case .publisher = peer { return }
        for script in settings.scripts {
            _ = await ask(connection, CommandWords("SCRIPT", "LOAD", script.text), withinMilliseconds: timeout)
        }
    }

    private var timeout: Int64 { settings.connectTimeoutMilliseconds }

    private func require(_ connection: RedisConnection, _ words: CommandWords) async throws(Fault) {
        if case .failure(let failure) = await ask(connection, words, withinMilliseconds: timeout) {
            throw Fault(reason: await explained(failure, connection))
        }
    }

    /// Of a refusal only the first word is kept: the rest may repeat what was sent, and so the password.
    private func authenticate(_ connection: RedisConnection, _ words: CommandWords) async throws(Fault) {
        switch await ask(connection, words, withinMilliseconds: timeout) {
        case .success: return
        case .failure(.refused(let error)):
            let isKind = error.kind.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            guard isKind, ["WRONGPASS", "LOADING"].contains(error.kind) else {
                let kind = isKind ? error.kind : "no reason that can be shown"
                throw Fault(reason: "the server refuses AUTH: it knows no password, no users or no AUTH (\(kind))")
            }
            throw Fault(reason: await explained(.refused(RedisServerError(line: error.kind)), connection))
        case .failure(let failure): throw Fault(reason: await explained(failure, connection))
        }
    }

    /// An ACL that forbids PING is an answer too.
    private func requireAnswer(_ connection: RedisConnection) async throws(Fault) {
        switch await ask(connection, CommandWords("PING"), withinMilliseconds: timeout) {
        case .success: return
        case .failure(.refused(let error)) where error.kind == "NOPERM": return
        case .failure(let failure): throw Fault(reason: await explained(failure, connection))
        }
    }

    /// A replica takes no writes: better to learn it now than from every command.
    private func checkIsMaster(_ connection: RedisConnection) async throws(Fault) {
        switch await ask(connection, CommandWords("ROLE"), withinMilliseconds: timeout) {
        case .success(let reply):
            guard reply.array?.first?.text != "slave" else { throw Fault(reason: "the server is a replica") }
        // An ACL without ROLE: the first write will tell.
        case .failure(.refused(let error)) where error.kind == "NOPERM" || error.kind == "ERR": return
        case .failure(let failure): throw Fault(reason: await explained(failure, connection))
        }
    }

    private func explained(_ failure: RedisFailure, _ connection: RedisConnection) async -> String {
        switch failure {
        case .refused(let error) where error.kind == "NOAUTH":
            return "the server asks for a password: set username and password (\(error))"
        case .refused(let error) where error.kind == "WRONGPASS":
            return "the username or the password is wrong (\(error))"
        case .refused(let error) where error.kind == "LOADING": return "the server is loading its data (\(error))"
        case .timedOut:
            return settings.tls == nil
                ? "the server accepts connections and does not answer"
                : "the server accepts connections and does not answer: it hangs, or does not speak TLS on this port"
        case .connectionLost, .notConnected:
            // A TLS handshake fails when the connection is there already; what it says is the connection's end.
            let ended = try? await eventLoop.submit { connection.endReason }.get()
            guard let ended, ended != RedisConnection.closedByServer else {
                return "the server closed the connection at the greeting: TLS on one side only, or a full server"
            }
            return ended
        case .overloaded, .refused, .unexpectedReply: return failure.description
        }
    }
}
