package import Identity
import Synchronization

/// The key set of one issuer as a cluster has it: in memory, then in Redis, then at the issuer, which one node asks for
/// all.
///
/// What Redis holds is read as strictly as what the issuer serves and never serves longer. When Redis is away the node
/// goes to the issuer itself.
package final class SharedKeySetSource: KeySetSource {
    private struct Held {
        var label: [UInt8]
        var fetched: FetchedKeySet
        /// By this node's clock.
        var servedAtMilliseconds: Int64
    }

    private struct State {
        var held: Held?
        var rejectedLabel: [UInt8]?
        var failuresBelieved = 0
        var isStoreAway = false
        var figures = SharedKeySetFigures()
    }

    /// By which nodes tell one another of this key set.
    let id: String
    /// After a failover the clock of Redis may be another.
    private static let clockToleranceMilliseconds: Int64 = 1_000

    private let origin: any KeySetSource
    private let share: any KeySetShare
    private let binding: KeySetCopy.Binding
    private let timing: SharedKeySetTiming
    private let keyTiming: KeySetTiming
    private let readsCopies: Bool
    private let around: StoreSurroundings
    private let onEvent: @Sendable (_ issuer: String, SharedKeySetEvent) -> Void
    private let state = Mutex(State())

    init(
        id: String, origin: any KeySetSource, share: any KeySetShare, binding: KeySetCopy.Binding,
        timing: SharedKeySetTiming,
        keyTiming: KeySetTiming, readsCopies: Bool, surroundings: StoreSurroundings,
        onEvent: @escaping @Sendable (_ issuer: String, SharedKeySetEvent) -> Void
    ) {
        self.id = id
        self.origin = origin
        self.share = share
        self.binding = binding
        self.timing = timing
        self.keyTiming = keyTiming
        self.readsCopies = readsCopies
        self.onEvent = onEvent
        around = surroundings
    }

    /// Whose key set it is.
    package var issuer: String { binding.issuer }

    /// How often what happened, for metrics.
    package var figures: SharedKeySetFigures { state.withLock { $0.figures } }

    package func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        let token = around.token()
        var fetch = begin(reason, token: token)
        var step = SharedKeySetFetch.Step.ask
        while true {
            switch step {
            case .ask: step = await ask(&fetch)
            case .wait(let milliseconds):
                count { $0.waits += 1 }
                await around.sleep(milliseconds * 1_000_000)
                // A cancelled sleep ends at once, and would otherwise ask as fast as Redis answers.
                guard !Task.isCancelled else { throw .unreachable("cancelled") }
                step = .ask
            case .fetch(let now): return try await fetchForAll(fetch, token: token, storeMilliseconds: now)
            case .fetchAlone: return try await fetchAlone(fetch)
            case .take(let copy, let age): return take(copy, ageMilliseconds: age)
            case .keep: return try held()
            case .fail(let reason): throw .unreachable(reason)
            }
        }
    }

    /// Another node said that it fetched.
    ///
    /// - Returns: its copy, if it is newer than what is at hand and can be used.
    func announced() async -> FetchedKeySet? {
        guard readsCopies else { return nil }
        let known = state.withLock { $0.held?.label ?? [] }
        guard case .success(let answer?) = await share.newerCopy(knownLabel: known) else { return nil }
        var fetch = begin(.reload, token: [])
        _ = step(answer, &fetch)
        guard let candidate = fetch.candidate else { return nil }
        // A fetch of our own may have brought newer keys while this copy was on its way.
        let servedAt = around.nowMilliseconds - candidate.ageMilliseconds
        guard state.withLock({ $0.held.map { $0.servedAtMilliseconds <= servedAt } ?? true }) else { return nil }
        return take(candidate.copy, ageMilliseconds: candidate.ageMilliseconds)
    }
}

// MARK: - The store

extension SharedKeySetSource {
    private func begin(_ reason: KeySetFetchReason, token: [UInt8]) -> SharedKeySetFetch {
        let now = around.nowMilliseconds
        let (held, believed) = state.withLock { ($0.held, $0.failuresBelieved) }
        var question = KeySetQuestion(token: token, reason: reason)
        question.readsCopies = readsCopies
        question.ignoresFailure = believed >= timing.failuresBelievedMax || !readsCopies
        return SharedKeySetFetch(
            question: question,
            held: held.map { .init(label: $0.label, ageMilliseconds: now - $0.servedAtMilliseconds) }, timing: timing,
            keyTiming: keyTiming)
    }

    private func ask(_ fetch: inout SharedKeySetFetch) async -> SharedKeySetFetch.Step {
        switch await share.ask(fetch.question) {
        case .success(let answer):
            storeAnswered()
            return step(answer, &fetch)
        case .failure(let failure):
            storeFailed(failure)
            return .fetchAlone
        }
    }

    private func step(_ answer: KeySetAnswer, _ fetch: inout SharedKeySetFetch) -> SharedKeySetFetch.Step {
        switch answer.outcome {
        case .copy(let value):
            let label = KeySetCopy.label(of: value)
            do {
                let copy = try KeySetCopy(decoding: value, binding)
                // The same parser and the same limits as for the issuer's own answer.
                _ = try KeySet(parsingJWKS: copy.bytes)
                // It would be taken for fresh for as long as whoever wrote it liked.
                guard copy.servedAtMilliseconds <= answer.nowMilliseconds + Self.clockToleranceMilliseconds else {
                    throw UnusableCopy("it was served later than now")
                }
                return fetch.found(copy, label: label, nowMilliseconds: answer.nowMilliseconds)
            } catch let error as UnusableCopy {
                reject(label, error.reason)
            } catch {
                reject(label, "\(error)")
            }
        case .unusable(let label, let reason): reject(label, reason)
        case .failedElsewhere: state.withLock { $0.failuresBelieved += 1 }
        case .mayFetch, .held, .tooSoon: break
        }
        return fetch.answered(answer.outcome, nowMilliseconds: answer.nowMilliseconds)
    }

    /// Told once for each value, however often it is met.
    private func reject(_ label: [UInt8], _ reason: String) {
        let isNew = state.withLock { state in
            defer { state.rejectedLabel = label }
            guard state.rejectedLabel != label else { return false }
            state.figures.copiesRejected += 1
            return true
        }
        if isNew { onEvent(binding.issuer, .copyRejected(reason)) }
    }

    private func storeAnswered() {
        let isNews = state.withLock { state in
            defer { state.isStoreAway = false }
            return state.isStoreAway
        }
        if isNews { onEvent(binding.issuer, .storeFound) }
    }

    private func storeFailed(_ failure: RedisFailure) {
        let isNews = state.withLock { state in
            defer { state.isStoreAway = true }
            state.figures.storeFailures += 1
            return !state.isStoreAway
        }
        if isNews { onEvent(binding.issuer, .storeLost(failure)) }
    }
}

// MARK: - The issuer

extension SharedKeySetSource {
    /// Asks the issuer as the one node that may, and lets the others have what came.
    private func fetchForAll(
        _ fetch: SharedKeySetFetch, token: [UInt8], storeMilliseconds: Int64
    ) async throws(KeySetError) -> FetchedKeySet {
        let began = around.nowMilliseconds
        do throws(KeySetError) {
            let fetched = try await fetchFromIssuer()
            let copy = KeySetCopy(
                servedAtMilliseconds: storeMilliseconds, freshForSeconds: fetched.freshForSeconds, token: token,
                bytes: fetched.bytes)
            await publish(copy, fetched, began: began)
            return fetched
        } catch {
            let isOurs = Task.isCancelled
            _ = await share.giveUp(token: token, failure: readsCopies && !isOurs ? "\(error)" : nil)
            guard let candidate = fetch.candidate else { throw error }
            return take(candidate.copy, ageMilliseconds: candidate.ageMilliseconds)
        }
    }

    private func publish(_ copy: KeySetCopy, _ fetched: FetchedKeySet, began: Int64) async {
        let value = copy.encoded(binding)
        state.withLock { state in
            state.held = Held(label: KeySetCopy.label(of: value), fetched: fetched, servedAtMilliseconds: began)
        }
        guard readsCopies else {
            _ = await share.giveUp(token: copy.token, failure: nil)
            return
        }
        let milliseconds = SharedKeySetFetch.servesForMilliseconds(copy, keyTiming)
        if case .failure(let failure) = await share.store(
            value, token: copy.token, timeToLiveMilliseconds: milliseconds)
        {
            storeFailed(failure)
        }
    }

    /// Asks the issuer without the lock, a random moment later, for other nodes may be doing the same.
    private func fetchAlone(_ fetch: SharedKeySetFetch) async throws(KeySetError) -> FetchedKeySet {
        count { $0.fetchesAlone += 1 }
        await around.sleep(Int64(Double(timing.aloneJitterMillisecondsMax) * around.jitter() * 1_000_000))
        guard !Task.isCancelled else { throw .unreachable("cancelled") }
        let began = around.nowMilliseconds
        do throws(KeySetError) {
            let fetched = try await fetchFromIssuer()
            state.withLock { state in
                state.held = Held(label: [], fetched: fetched, servedAtMilliseconds: began)
            }
            return fetched
        } catch {
            guard let candidate = fetch.candidate else { throw error }
            return take(candidate.copy, ageMilliseconds: candidate.ageMilliseconds)
        }
    }

    private func fetchFromIssuer() async throws(KeySetError) -> FetchedKeySet {
        count { $0.issuerFetches += 1 }
        let fetched = try await origin.fetch(.scheduled)
        // What the refresher would refuse is not for the others either.
        _ = try KeySet(parsingJWKS: fetched.bytes)
        state.withLock { $0.failuresBelieved = 0 }
        return fetched
    }

    private func take(_ copy: KeySetCopy, ageMilliseconds: Int64) -> FetchedKeySet {
        let fetched = FetchedKeySet(
            bytes: copy.bytes, freshForSeconds: copy.freshForSeconds, ageMilliseconds: ageMilliseconds)
        let servedAt = around.nowMilliseconds - ageMilliseconds
        let label = KeySetCopy.label(of: copy.encoded(binding))
        state.withLock { state in
            state.figures.copiesTaken += 1
            state.failuresBelieved = 0
            state.held = Held(label: label, fetched: fetched, servedAtMilliseconds: servedAt)
        }
        return fetched
    }

    private func held() throws(KeySetError) -> FetchedKeySet {
        guard let held = state.withLock({ $0.held }) else { throw .unreachable("there is no key set yet") }
        var fetched = held.fetched
        fetched.ageMilliseconds = max(around.nowMilliseconds - held.servedAtMilliseconds, 1)
        return fetched
    }

    private func count(_ change: (inout SharedKeySetFigures) -> Void) {
        state.withLock { change(&$0.figures) }
    }
}
