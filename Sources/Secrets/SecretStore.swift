package import IntentProtocol
import Synchronization

/// Secrets by their references: from memory while fresh, otherwise from their source, asked once for all who wait.
package final class SecretStore: SecretProvider {
    /// What is kept, and for how long.
    package struct Limits: Sendable, Hashable {
        /// A value is given from memory for so long; those of variables and files for a second.
        package var cacheSeconds: Int64 = 300
        /// The last value serves for so long while its source does not answer; later it is refused.
        package var staleSecondsMax: Int64 = 3_600
        /// How often the source of a watched secret is asked; that of a file each second.
        package var refreshSeconds: Int64 = 300
        /// References that are remembered; of more, the one that was asked for longest ago goes.
        package var entriesMax = 1_000

        package init() {}
    }

    private struct State {
        var entries: [SecretReference: SecretEntry] = [:]
        var flights: [SecretReference: Task<SecretEntry.Action, Never>] = [:]
    }

    package let sources: SecretSources
    package let limits: Limits
    private let around: SecretSurroundings
    private let state = Mutex(State())

    package init(_ sources: SecretSources, limits: Limits = Limits(), around: SecretSurroundings) {
        self.sources = sources
        self.limits = limits
        self.around = around
    }

    package func current(_ reference: SecretReference) async throws(SecretFault) -> SecretVersion {
        switch known(reference) {
        case .fetch: return try given(await flight(reference).value)
        case let action: return try given(action)
        }
    }

    /// As its source has it now, whatever is in memory: while the source does not answer, that is thrown.
    package func fresh(_ reference: SecretReference) async throws(SecretFault) -> SecretVersion {
        let action = await flight(reference).value
        if case .giveStale(_, let fault, _) = action { throw fault }
        return try given(action)
    }

    package func changes(of reference: SecretReference) -> AsyncStream<Result<SecretVersion, SecretFault>> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Result<SecretVersion, SecretFault>.self, bufferingPolicy: .bufferingNewest(16))
        let task = Task { await self.watch(reference, continuation) }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Keeps what opens the sources good (the token of Vault), until cancelled.
    package func run() async { await sources.run() }

    var entriesCount: Int { state.withLock { $0.entries.count } }

    // MARK: one value

    private func known(_ reference: SecretReference) -> SecretEntry.Action {
        let now = around.nowNanoseconds()
        return state.withLock { state in
            guard state.entries[reference] != nil else { return .fetch }
            state.entries[reference]?.usedAtNanoseconds = now
            return state.entries[reference]?.action(limits, isLocal: reference.isLocal, nowNanoseconds: now) ?? .fetch
        }
    }

    /// The fetch under way, or one that begins; a task of its own, which no caller's cancellation ends for the others.
    private func flight(_ reference: SecretReference) -> Task<SecretEntry.Action, Never> {
        state.withLock { state in
            if let task = state.flights[reference] { return task }
            let task = Task { await self.fetch(reference) }
            state.flights[reference] = task
            return task
        }
    }

    private func fetch(_ reference: SecretReference) async -> SecretEntry.Action {
        let result: Result<SecretVersion, SecretFault>
        do throws(SourceFault) {
            result = .success(try await sources.fetch(reference))
        } catch {
            result = .failure(error.about(reference))
        }
        let now = around.nowNanoseconds()
        let (isChange, action, standing) = state.withLock { state in
            state.flights[reference] = nil
            var entry = state.entries[reference] ?? SecretEntry(nowNanoseconds: now)
            let isChange = entry.note(result, nowNanoseconds: now)
            let action: SecretEntry.Action =
                switch result {
                case .success(let version): .give(version)
                case .failure(let fault): entry.afterFault(fault, limits, nowNanoseconds: now)
                }
            let standing = entry.newStanding(action)
            state.entries[reference] = entry
            while state.entries.count > limits.entriesMax,
                let oldest = state.entries.min(by: { $0.value.usedAtNanoseconds < $1.value.usedAtNanoseconds })
            {
                state.entries[oldest.key] = nil
            }
            return (isChange, action, standing)
        }
        switch (action, standing) {
        case (.giveStale(_, let fault, let age), .away):
            around.note(.staleServed(fault, ageSeconds: age / 1_000_000_000))
        case (.refuse(let fault), .refusing): around.note(.refused(fault))
        case (_, .answering): around.note(.answersAgain(reference))
        default: break
        }
        if isChange, case .give(let version) = action { around.note(.changed(reference, version: version.version)) }
        return action
    }

    private func given(_ action: SecretEntry.Action) throws(SecretFault) -> SecretVersion {
        switch action {
        case .give(let version), .giveStale(let version, _, _): return version
        case .refuse(let fault): throw fault
        case .fetch: throw SecretFault(.unavailable, "secrets", "the store did not ask the source")
        }
    }

    // MARK: changes

    private func watch(
        _ reference: SecretReference, _ continuation: AsyncStream<Result<SecretVersion, SecretFault>>.Continuation
    ) async {
        var last: SecretVersion?
        var isFirst = true
        while !Task.isCancelled {
            // The first look may come from memory; later ones ask the source.
            let action = isFirst ? nil : await flight(reference).value
            let result = await Result<SecretVersion, SecretFault>.of { () async throws(SecretFault) in
                if let action { return try given(action) }
                return try await current(reference)
            }
            isFirst = false
            switch result {
            case .success(let version) where version.value != last?.value:
                last = version
                continuation.yield(result)
            case .success: break
            case .failure: continuation.yield(result)
            }
            let seconds = if case .file = reference.place { Int64(1) } else { limits.refreshSeconds }
            // Not all nodes at the same time.
            await around.sleep(Int64(Double(seconds) * 1_000_000_000 * (0.9 + around.jitter() / 5)))
        }
        continuation.finish()
    }
}

extension Result where Failure == SecretFault {
    fileprivate static func of(_ work: () async throws(SecretFault) -> Success) async -> Self {
        do throws(SecretFault) { return .success(try await work()) } catch { return .failure(error) }
    }
}
