import Synchronization

/// The directory of a process: changes go through one lock, readers take the published snapshot.
package final class DirectoryStore: Sendable {
    /// What a registration did.
    package enum Registration: Sendable, Hashable {
        /// A new instance, or one that changed.
        case registered
        /// A heartbeat: nothing but the time of leaving moved.
        case renewed
    }

    let state: Mutex<DirectoryState>
    private let published = Mutex(Directory())
    let drains = Mutex(DrainMarks())

    /// An empty directory.
    package init(limits: DirectoryLimits = DirectoryLimits()) {
        state = Mutex(DirectoryState(limits: limits))
    }

    /// The directory as it is now; changes make another one.
    package var snapshot: Directory { published.withLock { $0 } }

    /// Registers or renews an instance.
    ///
    /// The first principal to register a name owns it: only it may add instances, change capabilities or leave. Who may
    /// register at all is for the caller to have decided.
    package func register(
        _ request: RegistrationRequest, nowNanoseconds: Int64
    ) throws(RegistrationRefusal) -> Registration {
        try state.withLock { (state) throws(RegistrationRefusal) -> Registration in
            switch try state.register(request, nowNanoseconds: nowNanoseconds) {
            case .registered:
                publish(state.directory)
                return .registered
            case .renewed: return .renewed
            }
        }
    }

    /// Takes an instance out, as its owner asks.
    package func deregister(
        agent: String, instance: String, owner: String, nowNanoseconds: Int64
    ) throws(RegistrationRefusal) {
        try state.withLock { (state) throws(RegistrationRefusal) -> Void in
            try state.deregister(agent: agent, instance: instance, owner: owner, nowNanoseconds: nowNanoseconds)
            publish(state.directory)
        }
    }

    /// Takes out the instances that were not renewed in time; cheap when none is due.
    ///
    /// - Returns: how many left.
    @discardableResult
    package func expire(nowNanoseconds: Int64) -> Int {
        state.withLock { state in
            let left = state.expire(nowNanoseconds: nowNanoseconds)
            if left > 0 { publish(state.directory) }
            return left
        }
    }

    /// Puts the agents of the configuration in the place of the former ones, all at once; those that stay keep their
    /// health.
    ///
    /// - Returns: names of registered agents that had to give way.
    /// - Throws: for agents that contradict one another; the directory then stays as it was.
    @discardableResult
    package func replaceStatic(_ agents: [ConfiguredAgent]) throws(RegistrationRefusal) -> [String] {
        try state.withLock { (state) throws(RegistrationRefusal) -> [String] in
            let displaced = try state.replaceConfigured(agents)
            publish(state.directory)
            return displaced
        }
    }

    /// All agents by name with their instances, for `GET /api/v1/agents`.
    package func listing(nowNanoseconds: Int64) -> [AgentListing] {
        snapshot.agentsByName().map { AgentListing($0, nowNanoseconds: nowNanoseconds) }
    }

    func publish(_ directory: Directory) {
        // Before anybody sees them: an instance that comes in under a drained name must not have a first call.
        drains.withLock { $0.apply(to: directory) }
        published.withLock { $0 = directory }
    }
}
