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
        let adminPort: Int
    }

    private let configuration: GatewayConfiguration
    private let parts: NodeParts
    private let files: NodeFiles
    private let running = Mutex<Running?>(nil)

    /// Reads the configuration and everything it names; nothing is listening before ``start()``.
    ///
    /// - Throws: ``ConfigurationRefused`` with every error of every file.
    package init(configurationFile: String, environment: [String: String]) throws {
        let diagnostics = Diagnostics()
        let loaded = NodeFiles.load(configurationFile: configurationFile, environment: environment, into: diagnostics)
        guard !diagnostics.hasErrors, let loaded else { throw ConfigurationRefused(diagnostics.sorted) }
        configuration = loaded.configuration
        files = loaded.files
        parts = try NodeParts(loaded)
        for warning in diagnostics.warnings {
            parts.logger.warning("configuration warning", metadata: ["finding": "\(warning)"])
        }
    }

    /// Every error and warning of a configuration and the files that it names.
    package static func check(configurationFile: String, environment: [String: String]) -> [Diagnostic] {
        let diagnostics = Diagnostics()
        _ = NodeFiles.load(configurationFile: configurationFile, environment: environment, into: diagnostics)
        return diagnostics.sorted
    }

    /// The port of the data plane; 0 while the node is not running.
    package var dataPort: Int { running.withLock { $0?.server.port ?? 0 } }
    /// The port of the admin plane; 0 while the node is not running.
    package var adminPort: Int { running.withLock { $0?.adminPort ?? 0 } }

    /// Starts the node: keys first, then the listeners; ready when this returns, unless an issuer cannot be reached.
    package func start() async throws {
        signal(SIGPIPE, SIG_IGN)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: parts.eventLoopCount)
        let adminGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        await parts.shared?.start(waitingMilliseconds: 1_000)
        var tasks = parts.keys.refreshers.map { refresher in Task { await refresher.run() } }
        tasks += parts.shared?.tasks() ?? []
        await waitForKeys()
        do {
            let (admin, adminPort) = try await startAdmin(adminGroup)
            tasks.append(admin)
            let pools = WorkerPools()
            await parts.shared?.connect(Array(group.makeIterator()), waitingMilliseconds: 1_000)
            let server = try await startDataPlane(group, pools)
            NodeMetrics.register(in: parts.registry, server.gauges, pools: pools)
            parts.shared?.reportLoad { NodeLoad(requestsInFlight: server.gauges.requestsInFlight) }
            tasks.append(Task { await self.keepHouse(pools) })
            running.withLock {
                $0 = Running(
                    group: group, adminGroup: adminGroup, server: server, pools: pools, tasks: tasks,
                    adminPort: adminPort)
            }
            parts.health.enter(.serving)
            parts.logger.notice(
                "listening", metadata: ["data": "\(server.port)", "admin": "\(adminPort)"])
        } catch {
            for task in tasks { task.cancel() }
            await parts.shared?.close()
            try? await group.shutdownGracefully()
            try? await adminGroup.shutdownGracefully()
            await parts.shared?.shutDown()
            throw error
        }
    }

    /// Stops gracefully: not ready, no new connections, running requests finish within the drain time, then everything ends.
    package func stop() async {
        guard
            let running = running.withLock({ running in
                defer { running = nil }
                return running
            })
        else { return }
        parts.health.enter(.draining)
        parts.logger.notice("draining")
        await running.server.drain(withinMilliseconds: Int64(configuration.drainTimeoutMilliseconds))
        await running.pools.shutDown()
        await parts.shared?.leave()
        for task in running.tasks { task.cancel() }
        for task in running.tasks { await task.value }
        await parts.shared?.close()
        parts.audit.flush()
        try? await running.group.shutdownGracefully()
        try? await running.adminGroup.shutdownGracefully()
        await parts.shared?.shutDown()
        parts.logger.notice("stopped")
    }

    /// Reads policies and key files anew; what is wrong stays out, and what was in force stays in force.
    @discardableResult
    package func reload() async -> [Diagnostic] {
        await files.reload(parts, isAsked: true)
    }

    /// Runs until SIGTERM or SIGINT, which stop it gracefully; SIGHUP reloads.
    package func runUntilSignalled() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        try await start()
        for await signal in signals {
            guard signal == .sighup else { break }
            await reload()
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
        return try await HTTPServer.start(
            host: configuration.listen.http.host, port: configuration.listen.http.port, group: group,
            routes: DataPlane.routes,
            limits: parts.httpLimits, tls: parts.tls.listener
        ) { loop in
            let pool = UpstreamPool(eventLoop: loop, limits: parts.upstreamLimits, tls: parts.tls.upstream) { packed in
                InstanceAddressRules().refusal(packedAddress: packed) == nil
            }
            pools.add(pool, on: loop)
            return DataPlaneHandler(gateway: parts.gateway(workers: WorkerConnections(pool), on: loop))
        }
    }

    /// The admin plane, and the port it was bound to.
    private func startAdmin(_ group: MultiThreadedEventLoopGroup) async throws -> (Task<Void, Never>, Int) {
        var settings = AdminServer.Settings()
        settings.host = configuration.admin.http.host
        settings.port = configuration.admin.http.port
        let (ports, bound) = AsyncThrowingStream.makeStream(of: Int.self)
        let server = AdminServer(
            settings: settings, metrics: parts.registry, health: parts.health, eventLoopGroup: group,
            logger: parts.logger, onBound: { bound.yield($0) })
        let task = Task {
            do {
                try await server.run()
                bound.finish()
            } catch {
                bound.finish(throwing: error)
            }
        }
        for try await port in ports { return (task, port) }
        throw CancellationError()
    }

    /// What has to happen about once a second, whatever the traffic.
    private func keepHouse(_ pools: WorkerPools) async {
        while !Task.isCancelled {
            let now = Timestamp.monotonicNanoseconds()
            let left = parts.directory.expire(nowNanoseconds: now)
            if left > 0 { parts.logger.notice("instances left unrenewed", metadata: ["count": "\(left)"]) }
            parts.buckets.sweep(shardCount: 8, nowNanoseconds: now)
            parts.shared?.book.sweep(shardCount: 8)
            await pools.refresh()
            parts.refreshCertificates()
            if files.haveChanged() { _ = await files.reload(parts, isAsked: false) }
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
