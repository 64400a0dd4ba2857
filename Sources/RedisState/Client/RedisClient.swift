package import NIOCore
import Synchronization

/// The client of one event loop: finds the server that owns a key, whatever the topology, and asks it.
///
/// Safe to mark as sendable without checks: mutable members are touched on its event loop alone.
package final class RedisClient: RedisCommands, @unchecked Sendable {
    typealias Reply = RedisConnection.Reply

    private enum Target {
        /// The master of a slot, or any master.
        case slot(Int?)
        /// The node that a redirection named.
        case node(RedisAddress, asking: Bool)
    }

    /// As long as two readings of a cluster's map take, one of them begun before the change.
    private static let mapPatienceMilliseconds: Int64 = 500
    private static let mapPauseMilliseconds: Int64 = 25

    private let eventLoop: any EventLoop
    private let settings: RedisSettings
    private let counters: RedisCounters
    private let onEvent: @Sendable (RedisEvent) -> Void
    private let connector: RedisConnector
    private let sentinels: SentinelWatch?
    /// Whether keys live on several servers.
    let isCluster: Bool
    /// The one link, where there is no cluster.
    private var primary: RedisLink?
    private var links: [RedisAddress: RedisLink] = [:]
    private var map = ClusterMap()
    private var toldMasters: Set<RedisAddress> = []
    private var refresher: ClusterRefresher?
    private var watch: Task<Void, Never>?
    private var isClosed = false
    /// The same for commands that wait off the event loop.
    private let hasEnded = Mutex(false)

    /// Makes a client; nothing is connected before ``start(waitingMilliseconds:)``.
    ///
    /// - Parameters:
    ///   - counters: shared by the clients of a node.
    ///   - onEvent: told of changes, on any thread.
    package init(
        eventLoop: any EventLoop, settings: RedisSettings, counters: RedisCounters,
        onEvent: @escaping @Sendable (RedisEvent) -> Void = { _ in }
    ) {
        self.eventLoop = eventLoop
        self.settings = settings
        self.counters = counters
        self.onEvent = onEvent
        connector = RedisConnector(eventLoop: eventLoop, settings: settings, counters: counters)
        switch settings.topology {
        case .standalone:
            isCluster = false
            sentinels = nil
        case .sentinel(let addresses, let name):
            isCluster = false
            sentinels = SentinelWatch(connector: connector, addresses: addresses, masterName: name)
        case .cluster:
            isCluster = true
            sentinels = nil
        }
    }

    /// Begins to connect, and waits for the first attempt at most that long.
    ///
    /// - Returns: whether a server can be asked now; if not, the client goes on trying.
    @discardableResult
    package func start(waitingMilliseconds: Int64) async -> Bool {
        let deadline = RedisConnection.now() + waitingMilliseconds * 1_000_000
        try? await eventLoop.submit { self.begin() }.get()
        while RedisConnection.now() < deadline {
            if await isReady() { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return await isReady()
    }

    /// Ends every connection; whoever waits is told so. Returns when nothing uses the event loop any more.
    package func close() async {
        hasEnded.withLock { $0 = true }
        for task in (try? await eventLoop.submit { self.end() }.get()) ?? [] { await task.value }
    }

    /// Whether a server can be asked: the one there is, or every master of a cluster.
    package func isReady() async -> Bool {
        (try? await eventLoop.submit { self.isReadyNow }.get()) ?? false
    }

    // MARK: commands

    package func send(_ command: RedisCommand) async -> Result<RedisValue, RedisFailure> {
        let deadline = deadline(command.timeoutMilliseconds ?? settings.commandTimeoutMilliseconds)
        return await exchange(CommandWords(command.words), .slot(command.key.map { SlotHash.slot(of: $0) }), deadline)
            .reply
    }

    package func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]], timeoutMilliseconds: Int64?
    ) async -> Result<RedisValue, RedisFailure> {
        await run(
            script, CommandWords(script, keys: keys, arguments: arguments), key: keys.first,
            timeoutMilliseconds: timeoutMilliseconds ?? settings.commandTimeoutMilliseconds)
    }

    /// Runs a script whose EVALSHA is written already.
    func run(
        _ script: RedisScript, _ words: CommandWords, key: [UInt8]?, timeoutMilliseconds: Int64
    ) async -> Reply {
        let deadline = deadline(timeoutMilliseconds)
        let (reply, place) = await exchange(words, .slot(key.map { SlotHash.slot(of: $0) }), deadline)
        guard case .failure(.refused(let error)) = reply, error.kind == "NOSCRIPT" else { return reply }
        // A server that was restarted, or that has become master: it runs nothing it does not know, so nothing has happened yet.
        // To that very server, wherever redirections led: loading has no key that would lead there again.
        let load = await attempt(CommandWords("SCRIPT", "LOAD", script.text), place, deadline)
        guard case .success = load else { return load }
        return await exchange(words, place, deadline).reply
    }

    /// Asks every server that takes writes the same: the one there is, or each master of a cluster.
    ///
    /// - Returns: a reply for each, in no order.
    func askMasters(_ words: [String], timeoutMilliseconds: Int64) async -> [Reply] {
        let deadline = deadline(timeoutMilliseconds)
        let targets = isCluster ? await slotMap().masters.map { Target.node($0, asking: false) } : [.slot(nil)]
        return await withTaskGroup(of: Reply.self) { tasks in
            for target in targets {
                tasks.addTask { await self.attempt(CommandWords(words.map { Array($0.utf8) }), target, deadline) }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
    }

    private func deadline(_ timeoutMilliseconds: Int64) -> Int64 {
        RedisConnection.now() + timeoutMilliseconds * 1_000_000
    }

    /// Until when a command whose server is away waits for the map of the cluster to name another; nil for one that is in a hurry,
    /// as a limiter is, and where there is but one place to ask.
    private func mapDeadline(_ deadline: Int64) -> Int64? {
        let end = RedisConnection.now() + Self.mapPatienceMilliseconds * 1_000_000
        return isCluster && deadline > end ? end : nil
    }

    /// The reply, and who gave it.
    private func exchange(
        _ words: CommandWords, _ first: Target, _ deadline: Int64
    ) async -> (reply: Reply, target: Target) {
        var target = first
        var redirections = 0
        var pauseMilliseconds: Int64 = 2
        let mapDeadline = mapDeadline(deadline)
        while true {
            let reply = await attempt(words, target, deadline)
            guard case .failure(let failure) = reply else { return (reply, target) }
            guard isCluster, case .refused(let error) = failure,
                let redirection = Redirection(error, sender: await sender(target))
            else {
                switch failure {
                case .refused: counters.countRefusal()
                case .notConnected:
                    refreshSoon()
                    // Nothing was sent; the map that comes may name the replica that took over.
                    guard let mapDeadline, RedisConnection.now() < mapDeadline, !hasEnded.withLock({ $0 }) else {
                        break
                    }
                    try? await Task.sleep(for: .milliseconds(Self.mapPauseMilliseconds))
                    // The event loop may be gone with the client.
                    guard !Task.isCancelled, !hasEnded.withLock({ $0 }) else { break }
                    target = first
                    continue
                case .overloaded, .timedOut, .connectionLost, .unexpectedReply: break
                }
                return (reply, target)
            }
            counters.countRedirection()
            switch redirection {
            case .moved(let slot, let address):
                await moved(slot, to: address)
                target = .node(address, asking: false)
                redirections += 1
            case .ask(let address):
                target = .node(address, asking: true)
                redirections += 1
            case .tryAgain:
                // As long as the slot is on its way; the deadline is the bound.
                guard RedisConnection.now() + pauseMilliseconds * 1_000_000 < deadline else { return (reply, target) }
                try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
                pauseMilliseconds = min(pauseMilliseconds * 2, 50)
                target = first
            case .clusterDown:
                refreshSoon()
                return (reply, target)
            }
            guard redirections <= settings.redirectionsMax else {
                return (.failure(.notConnected("more than \(settings.redirectionsMax) redirections")), target)
            }
        }
    }

    private func attempt(_ words: CommandWords, _ target: Target, _ deadline: Int64) async -> Reply {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Reply, Never>) in
            if eventLoop.inEventLoop {
                ask(words, target, deadline, continuation)
            } else {
                eventLoop.execute { self.ask(words, target, deadline, continuation) }
            }
        }
    }

    private func ask(
        _ words: CommandWords, _ target: Target, _ deadline: Int64, _ continuation: UnsafeContinuation<Reply, Never>
    ) {
        let link: RedisLink?
        var isAsking = false
        switch target {
        case .slot(let slot) where isCluster: link = self.link(slot)
        case .slot: link = primary
        case .node(let address, let asking):
            link = self.link(to: address)
            isAsking = asking
        }
        guard let link else {
            let reason = isClosed ? "the client is closed" : "no master is known for this key"
            return continuation.resume(returning: .failure(.notConnected(reason)))
        }
        link.ask(words, asking: isAsking, deadlineNanoseconds: deadline, continuation)
    }

    /// Which master has which slot, as far as is known.
    func slotMap() async -> ClusterMap {
        (try? await eventLoop.submit { self.map }.get()) ?? ClusterMap()
    }

    /// Has the map of a cluster read anew.
    func readMapSoon() { refreshSoon() }

    // MARK: links, on the event loop

    private var isReadyNow: Bool {
        guard isCluster else { return primary?.isReady ?? false }
        return !map.masters.isEmpty && map.orphanCount == 0
            && map.masters.allSatisfy { links[$0]?.isReady ?? false }
    }

    private func begin() {
        guard !isClosed, primary == nil, refresher == nil else { return }
        switch settings.topology {
        case .standalone(let address): primary = open(peer: .master) { .success(address) }
        case .sentinel:
            guard let sentinels else { return }
            let link = open(peer: .master) { await sentinels.master() }
            link.onDown = { sentinels.doubt() }
            primary = link
            watch = Task { [onEvent] in
                await sentinels.watch { address in
                    onEvent(.topologyChanged("the sentinels name \(address) as master"))
                    link.eventLoop.execute { link.reconnect("the sentinels name another master") }
                }
            }
        case .cluster(let seeds):
            let refresher = ClusterRefresher(connector: connector, seeds: seeds, onEvent: onEvent) { [weak self] map in
                guard let self else { return }
                eventLoop.execute { self.adopt(map) }
            }
            self.refresher = refresher
            watch = Task { await refresher.run() }
        }
    }

    private func open(peer: RedisConnector.Peer, destination: @escaping RedisLink.Destination) -> RedisLink {
        let link = RedisLink(connector: connector, peer: peer, destination: destination, onEvent: onEvent)
        link.start()
        return link
    }

    private func link(_ slot: Int?) -> RedisLink? {
        if let slot { return map.master(of: slot).flatMap { link(to: $0) } }
        // Any master will do; one that is there does better.
        let known = map.masters.compactMap { links[$0] }
        return known.first { $0.isReady } ?? known.first
    }

    private func link(to address: RedisAddress) -> RedisLink? {
        if let known = links[address] { return known }
        guard !isClosed, links.count < ClusterMap.mastersMax else { return nil }
        let link = open(peer: .clusterNode) { .success(address) }
        link.onDown = { [weak self] in self?.refreshSoon() }
        links[address] = link
        return link
    }

    private func adopt(_ fresh: ClusterMap) {
        guard !isClosed else { return }
        // Slots that move from one to another are no news, or a cluster that is balanced anew fills the log.
        if Set(fresh.masters) != toldMasters {
            toldMasters = Set(fresh.masters)
            let masters = fresh.masters.map(\.description).sorted().joined(separator: ", ")
            onEvent(.topologyChanged("the cluster's masters are \(masters)"))
        }
        map = fresh
        for address in fresh.masters { _ = link(to: address) }
        let wanted = Set(fresh.masters)
        // A node that gets its first slots is asked before the map names it, and one that gave its last away may still answer.
        for (address, link) in links
        where !wanted.contains(address) && link.isIdle(forMilliseconds: settings.strayLinkMilliseconds) {
            links[address] = nil
            link.close()
        }
    }

    private func moved(_ slot: Int, to address: RedisAddress) async {
        try? await eventLoop.submit { self.map.move(slot, to: address) }.get()
        refreshSoon()
    }

    private func sender(_ target: Target) async -> RedisAddress? {
        switch target {
        case .node(let address, _): return address
        case .slot(let slot):
            guard let slot else { return nil }
            return try? await eventLoop.submit { self.map.master(of: slot) }.get()
        }
    }

    private func refreshSoon() {
        if eventLoop.inEventLoop {
            refresher?.poke()
        } else {
            eventLoop.execute { self.refresher?.poke() }
        }
    }

    /// - Returns: what is ending.
    private func end() -> [Task<Void, Never>] {
        isClosed = true
        watch?.cancel()
        let ending = [watch, primary?.close()] + links.values.map { $0.close() }
        (watch, primary, links) = (nil, nil, [:])
        return ending.compactMap { $0 }
    }
}
