import Synchronization

/// What a directory that is shared with other nodes does besides.
///
/// An instance that the shared store holds has no time of leaving here: it leaves when the store says so, by the store's
/// clock. An instance that only this node knows of leaves by this node's clock, as in a directory of one node.
extension DirectoryStore {
    /// What happens to an instance that the shared store no longer names.
    package enum Absence: Sendable, Hashable {
        /// It left.
        case leaves
        /// The store may have lost it: it stays until then unless it is named again.
        case lingers(untilNanoseconds: Int64)
    }

    /// Checks all that this node can tell of a request: its form, the configuration, and the owner as remembered here.
    package func check(_ request: RegistrationRequest, nowNanoseconds: Int64) throws(RegistrationRefusal) {
        try state.withLock { (state) throws(RegistrationRefusal) -> Void in
            try state.check(request, nowNanoseconds: nowNanoseconds)
        }
    }

    /// Puts in what the shared store holds of these agents, all at once; configured agents stay as they are.
    ///
    /// - Returns: how many agents found no room.
    @discardableResult
    package func applyShared(
        _ agents: [SharedAgent], absence: Absence, nowNanoseconds: Int64
    ) -> Int {
        guard !agents.isEmpty else { return 0 }
        return change { $0.applyShared(agents, absence: absence, nowNanoseconds: nowNanoseconds) }
    }

    /// Takes out the agents that a complete reading of the shared store did not name.
    package func retainShared(named names: Set<ExactText>, absence: Absence, nowNanoseconds: Int64) {
        change { $0.retainShared(named: names, absence: absence, nowNanoseconds: nowNanoseconds) }
    }

    /// Takes out agents of which the shared store holds nothing that can be used.
    package func withdrawShared(_ names: Set<ExactText>, absence: Absence, nowNanoseconds: Int64) {
        guard !names.isEmpty else { return }
        change { $0.withdrawShared(names, absence: absence, nowNanoseconds: nowNanoseconds) }
    }

    /// Takes out one instance whose owner the shared store does not know as such.
    package func removeUnshared(agent: String, instance: String, nowNanoseconds: Int64) {
        change { $0.removeUnshared(agent: agent, instance: instance, nowNanoseconds: nowNanoseconds) }
    }

    private func change<Result>(_ body: (inout DirectoryState) -> Result) -> Result {
        state.withLock { state in
            let generation = state.directory.generation
            let result = body(&state)
            if state.directory.generation != generation { publish(state.directory) }
            return result
        }
    }
}
