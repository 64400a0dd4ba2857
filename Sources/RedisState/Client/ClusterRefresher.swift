import Synchronization

/// Reads the map of a cluster: at the start, at intervals, and soon after something did not fit.
final class ClusterRefresher: Sendable {
    private struct State {
        var isWanted = false
        var sleeper: Task<Void, Never>?
        var known: [RedisAddress] = []
    }

    private let connector: RedisConnector
    private let seeds: [RedisAddress]
    private let onEvent: @Sendable (RedisEvent) -> Void
    private let onMap: @Sendable (ClusterMap) -> Void
    private let state = Mutex(State())
    /// Between two readings, however much does not fit.
    private let intervalMinMilliseconds: Int64 = 100

    init(
        connector: RedisConnector, seeds: [RedisAddress], onEvent: @escaping @Sendable (RedisEvent) -> Void,
        onMap: @escaping @Sendable (ClusterMap) -> Void
    ) {
        self.connector = connector
        self.seeds = seeds
        self.onEvent = onEvent
        self.onMap = onMap
    }

    /// Asks for a reading soon; cheap, and may be called for every command that fails.
    func poke() {
        let sleeper = state.withLock { state in
            state.isWanted = true
            return state.sleeper
        }
        sleeper?.cancel()
    }

    /// Reads the map again and again until the task is cancelled.
    func run() async {
        var told: String?
        while !Task.isCancelled {
            state.withLock { $0.isWanted = false }
            do throws(RedisConnector.Fault) {
                let map = try await read()
                told = nil
                state.withLock { $0.known = map.masters }
                onMap(map)
                // A map with holes is that of a cluster in trouble.
                await pause(milliseconds: map.orphanCount == 0 ? connector.settings.clusterRefreshMilliseconds : 0)
            } catch {
                if told != error.reason { onEvent(.unreachable("the cluster", reason: error.reason)) }
                told = error.reason
                await pause(milliseconds: 0)
            }
        }
    }

    /// The map as the first node that answers sees it; those that answered before come first.
    private func read() async throws(RedisConnector.Fault) -> ClusterMap {
        let known = state.withLock { $0.known }.shuffled()
        var last = RedisConnector.Fault(reason: "no address is configured")
        for address in known + seeds.filter({ !known.contains($0) }) {
            do throws(RedisConnector.Fault) {
                return try await Self.read(from: address, by: connector)
            } catch {
                last = RedisConnector.Fault(reason: "\(address): \(error.reason)")
            }
            guard !Task.isCancelled else { break }
        }
        throw last
    }

    /// The map as one node sees it.
    static func read(
        from address: RedisAddress, by connector: RedisConnector
    ) async throws(RedisConnector.Fault) -> ClusterMap {
        let connection = try await connector.connect(to: address, as: .publisher)
        defer { connector.close(connection, "done") }
        let reply = await connector.ask(
            connection, CommandWords("CLUSTER", "SLOTS"),
            withinMilliseconds: connector.settings.connectTimeoutMilliseconds)
        switch reply {
        case .success(let value):
            guard let map = ClusterMap(slots: value, asked: address) else {
                throw RedisConnector.Fault(reason: "the reply to CLUSTER SLOTS makes no sense")
            }
            return map
        case .failure(.refused(let error)):
            throw RedisConnector.Fault(reason: "not a node of a cluster, or not allowed to say so (\(error))")
        case .failure(let failure): throw RedisConnector.Fault(reason: failure.description)
        }
    }

    private func pause(milliseconds: Int64) async {
        try? await Task.sleep(
            for: .milliseconds(Int64.random(in: intervalMinMilliseconds...intervalMinMilliseconds * 2)))
        guard milliseconds > 0 else { return }
        let sleeper = Task { () -> Void in try? await Task.sleep(for: .milliseconds(milliseconds)) }
        let isWanted = state.withLock { state in
            state.sleeper = sleeper
            return state.isWanted
        }
        if isWanted { sleeper.cancel() }
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        state.withLock { $0.sleeper = nil }
    }
}
