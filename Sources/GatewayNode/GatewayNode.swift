import AdminServer
package import Documents
import Gateway
import GatewayConfiguration
import GatewayHTTP
import Identity
import Logging
import NIOCore
import NIOPosix
import Observability
import RateLimiting
import RedisState
import Routing
import Synchronization
import UnixSignals

/// One gateway node: everything that a configuration asks for, started, reloaded and stopped as one.
package final class GatewayNode: Sendable {
    /// What runs between start and stop.
    private struct Running {
        let group: MultiThreadedEventLoopGroup
        let adminGroup: MultiThreadedEventLoopGroup
        let server: HTTPServer<DataPlaneHandler>
        let pools: WorkerPools
        let tasks: [Task<Void, Never>]
        /// As they were bound: a listener that is closed has none any more.
        let (dataPort, adminPort): (Int, Int)
    }

    private enum Life {
        case notRunning
        case running(Running)
        case stopping(Running, Task<Void, Never>)

        var running: Running? {
            switch self {
            case .notRunning: nil
            case .running(let running), .stopping(let running, _): running
            }
        }
    }

    let configuration: GatewayConfiguration
    let parts: NodeParts
    private let files: NodeFiles
    private let life = Mutex(Life.notRunning)
    /// Whether the next reload reads certificates whatever their files look like.
    private let certificatesAsked = Atomic(false)
    private let reloads = ReloadTurns()
    let drains: NodeDrains
    /// Where the configuration came from, for those who ask again.
    let origin: (file: String, environment: [String: String])

    /// Reads the configuration and everything it names, and fetches its secrets; nothing is listening before ``start()``.
    ///
    /// - Throws: ``ConfigurationRefused`` with every error of every file.
    package init(configurationFile: String, environment: [String: String]) async throws {
        let diagnostics = Diagnostics()
        let loaded = await NodeFiles.load(
            configurationFile: configurationFile, environment: environment, secrets: .fetch, into: diagnostics)
        guard !diagnostics.hasErrors, let loaded else { throw ConfigurationRefused(diagnostics.sorted) }
        configuration = loaded.configuration
        files = loaded.files
        parts = try NodeParts(loaded)
        drains = NodeDrains(parts.directory, shared: parts.shared?.drains)
        origin = (configurationFile, environment)
        for warning in diagnostics.warnings {
            parts.logger.warning("configuration warning", metadata: ["finding": "\(warning)"])
        }
    }

    /// Every error and warning of a configuration and the files that it names; no source of secrets is asked.
    package static func check(configurationFile: String, environment: [String: String]) async -> [Diagnostic] {
        let diagnostics = Diagnostics()
        _ = await NodeFiles.load(
            configurationFile: configurationFile, environment: environment, secrets: .check, into: diagnostics)
        return diagnostics.sorted
    }

    /// The port of the data plane until the node has stopped; 0 while it is not running.
    package var dataPort: Int { life.withLock { $0.running?.dataPort ?? 0 } }
    /// The port of the admin plane until the node has stopped; 0 while it is not running.
    package var adminPort: Int { life.withLock { $0.running?.adminPort ?? 0 } }

    /// Starts the node: keys first, then the listeners; ready when this returns, unless no issuer has keys.
    package func start() async throws {
        signal(SIGPIPE, SIG_IGN)
        // A file that has reached its limit is a write that fails, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        await parts.beginAudit()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: parts.eventLoopCount)
        let adminGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        await parts.shared?.start(waitingMilliseconds: 1_000)
        var tasks = parts.keys.refreshers.map { refresher in Task { await refresher.run() } }
        tasks += parts.shared?.tasks() ?? []
        tasks.append(Task { await self.parts.secrets.run() })
        tasks.append(Task { await self.parts.runSeals() })
        await waitForKeys()
        await parts.policyIssuers.apply(parts.authorization.current)
        await parts.shared?.awaitAgents(waitingMilliseconds: 1_000)
        do {
            let (admin, adminPort) = try await startAdmin(adminGroup)
            tasks.append(admin)
            let pools = WorkerPools()
            await parts.shared?.connect(Array(group.makeIterator()), waitingMilliseconds: 1_000)
            let server = try await startDataPlane(group, pools)
            NodeMetrics.register(in: parts.registry, server.gauges, pools: pools)
            parts.reportLoad { server.gauges.requestsInFlight }
            tasks.append(Task { await self.keepHouse(pools) })
            let dataPort = server.port
            let running = Running(
                group: group, adminGroup: adminGroup, server: server, pools: pools, tasks: tasks, dataPort: dataPort,
                adminPort: adminPort)
            life.withLock { $0 = .running(running) }
            // Somebody may have been quick.
            if parts.health.isDrained { server.sendClientsAway(true) }
            parts.health.enter(.serving)
            parts.logger.notice("listening", metadata: ["data": "\(dataPort)", "admin": "\(adminPort)"])
        } catch {
            for task in tasks { task.cancel() }
            await parts.policyIssuers.end()
            await parts.shared?.close()
            try? await group.shutdownGracefully()
            try? await adminGroup.shutdownGracefully()
            await parts.shared?.shutDown()
            await endAudit()
            throw error
        }
    }

    /// Takes the node out of service while it goes on serving who comes, or puts it back.
    ///
    /// It is not ready then, and every connection ends behind its answer, so that clients and balancers go elsewhere; nobody is
    /// refused.
    package func drain(_ isDrained: Bool) {
        parts.health.drain(isDrained)
        life.withLock { $0.running?.server }?.sendClientsAway(isDrained)
    }

    /// Stops gracefully: not ready, no new connections, running requests finish within the drain time, then everything ends.
    ///
    /// Whoever calls while the node stops waits for the same end.
    package func stop() async {
        let stopping: Task<Void, Never>? = life.withLock { life in
            switch life {
            case .notRunning: return nil
            case .stopping(_, let task): return task
            case .running(let running):
                let task = Task {
                    await self.end(running)
                    self.life.withLock { $0 = .notRunning }
                }
                life = .stopping(running, task)
                return task
            }
        }
        guard let stopping else { return }
        await withTaskCancellationHandler {
            await stopping.value
        } onCancel: {
            stopping.cancel()
        }
    }

    private func end(_ running: Running) async {
        parts.health.enter(.draining)
        parts.logger.notice("draining")
        await running.server.drain(withinMilliseconds: Int64(configuration.drainTimeoutMilliseconds))
        await running.pools.shutDown()
        // A request that was cut goes on to its end: it gives back its tokens and writes its audit record.
        await waitForRequests(running.server.gauges)
        await parts.shared?.leave()
        for task in running.tasks { task.cancel() }
        for task in running.tasks { await task.value }
        await reloads.finish()
        await parts.policyIssuers.end()
        await parts.shared?.close()
        try? await running.group.shutdownGracefully()
        try? await running.adminGroup.shutdownGracefully()
        await parts.shared?.shutDown()
        // Last, when nothing runs any more that could write a record.
        await endAudit()
        parts.logger.notice("stopped")
    }

    private func endAudit() async {
        guard await !parts.audit.close(withinMilliseconds: Self.auditEndMilliseconds) else { return }
        parts.logger.error("the last audit records could not be written")
    }

    /// How long the output of the audit log may take to its end, in milliseconds.
    private static let auditEndMilliseconds = 5_000

    /// Waits for the handlers of requests whose connections are closed already; what they still may wait for is short.
    private func waitForRequests(_ gauges: ServerGauges) async {
        let deadline = ContinuousClock.now + .milliseconds(Self.cutRequestsEndMilliseconds)
        while gauges.requestsInFlight > 0, ContinuousClock.now < deadline {
            // In a task of its own, because sleeping ends at once in one that was cancelled.
            await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
        }
    }

    /// How long requests that were cut may take to note their end, in milliseconds.
    private static let cutRequestsEndMilliseconds = 3_000

    /// Reads policies and key files anew; what is wrong stays out, and what was in force stays in force.
    @discardableResult
    package func reload() async -> [Diagnostic] {
        certificatesAsked.store(true, ordering: .releasing)
        parts.audit.reopen()
        return await reloads.take(reloadFiles)
    }

    @Sendable private func reloadFiles() async -> [Diagnostic] {
        await files.reload(parts, isAsked: certificatesAsked.exchange(false, ordering: .acquiringAndReleasing))
    }

    /// Reloads when a file is another than at the last reload.
    ///
    /// - Returns: whether one was.
    @discardableResult
    func reloadIfFilesChanged() async -> Bool {
        guard files.haveChanged() else { return false }
        _ = await reloads.take(reloadFiles)
        return true
    }

    /// Runs until SIGTERM or SIGINT, which stop it gracefully; SIGHUP reloads.
    package func runUntilSignalled() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        try await start()
        for await signal in signals {
            guard signal == .sighup else { break }
            // Whoever moves log files tells so by this signal.
            parts.audit.reopen()
            // Not awaited: signals that come meanwhile are one more reload, and one that stops does not wait for it.
            _ = reloads.turn(reloadFiles)
        }
        await stop()
    }

    /// Writes the audit records that wait.
    package func flushAudit() { parts.audit.flush() }

    /// Waits for every issuer's keys at the same time: one that does not answer must not add to the wait for the others.
    private func waitForKeys() async {
        await withTaskGroup(of: Void.self) { group in
            for refresher in parts.keys.refreshers {
                group.addTask { await refresher.awaitFirstFetch(waitingMilliseconds: 3_000) }
            }
        }
    }

    private func startDataPlane(
        _ group: MultiThreadedEventLoopGroup, _ pools: WorkerPools
    ) async throws -> HTTPServer<DataPlaneHandler> {
        let parts = parts
        var tls = parts.tls.listener
        // Asked for every connection, so that what a reload puts in force holds from the next one on.
        let modes = ListenerModes(configuration)
        tls?.modeOfPort = { modes.mode(port: $0, parts.authorization.current) }
        return try await HTTPServer.start(
            host: configuration.listen.http.host, port: configuration.listen.http.port, group: group,
            routes: DataPlane.routes(parts.authorization),
            limits: parts.httpLimits, tls: tls, notify: { parts.report($0) }
        ) { loop in
            let pool = UpstreamPool(eventLoop: loop, limits: parts.upstreamLimits, tls: parts.tls.upstream) { packed in
                InstanceAddressRules().refusal(packedAddress: packed) == nil
            }
            pools.add(pool, on: loop)
            return DataPlaneHandler(
                gateway: parts.gateway(workers: WorkerConnections(pool), on: loop), authorization: parts.authorization)
        }
    }

    /// What has to happen about once a second, whatever the traffic.
    private func keepHouse(_ pools: WorkerPools) async {
        var auditTrouble: AuditFault?
        while !Task.isCancelled {
            parts.noteAudit(&auditTrouble)
            let now = Timestamp.monotonicNanoseconds()
            parts.rate.note(parts.meter.requestCount, nowNanoseconds: now)
            let left = parts.directory.expire(nowNanoseconds: now)
            if left > 0 { parts.logger.notice("instances left unrenewed", metadata: ["count": "\(left)"]) }
            parts.buckets.sweep(shardCount: 8, nowNanoseconds: now)
            parts.shared?.book.sweep(shardCount: 8)
            parts.shared?.noteNewKeys()
            await pools.refresh()
            drains.expire(nowNanoseconds: now)
            if parts.logLevel.revertIfDue(nowNanoseconds: now) { parts.logger.notice("log level as configured again") }
            parts.refreshCertificates()
            parts.refreshSeals()
            await reloadIfFilesChanged()
            try? await Task.sleep(for: .milliseconds(500))
        }
    }
}

/// A configuration that is not taken: every finding of every file.
package struct ConfigurationRefused: Error, CustomStringConvertible {
    package let findings: [Diagnostic]

    init(_ findings: [Diagnostic]) {
        self.findings = findings
    }

    package var description: String { findings.map(\.description).joined(separator: "\n") }
}
