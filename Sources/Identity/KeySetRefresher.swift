import Synchronization

/// Keeps the keys of one issuer fresh: fetches ahead of expiry, backs off when the issuer fails, fetches at a bounded
/// rate when a token names an unknown key. Issuers share nothing, so the failure of one is not felt by another.
package final class KeySetRefresher: Sendable {
    /// What the refresher asks of the world.
    package struct Surroundings: Sendable {
        /// Nanoseconds of a monotonic clock.
        package var nowNanoseconds: @Sendable () -> Int64
        /// Returns after that many nanoseconds, or at once when the task is cancelled.
        package var sleep: @Sendable (_ nanoseconds: Int64) async -> Void
        /// A number from 0 to 1, another each time.
        package var jitter: @Sendable () -> Double
        /// Told of every fetch; outside of any lock.
        package var onEvent: @Sendable (_ issuer: String, KeySetEvent) -> Void

        /// Makes surroundings.
        package init(
            nowNanoseconds: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Int64) async -> Void,
            jitter: @escaping @Sendable () -> Double,
            onEvent: @escaping @Sendable (_ issuer: String, KeySetEvent) -> Void = { _, _ in }
        ) {
            self.nowNanoseconds = nowNanoseconds
            self.sleep = sleep
            self.jitter = jitter
            self.onEvent = onEvent
        }
    }

    private struct State {
        var machine: KeySetStateMachine
        var waiting: [UInt64: Waiting] = [:]
        var nextTicket: UInt64 = 0
        var fetchesBegun = 0
        var sleeper: Task<Void, Never>?
        var mustNotSleep = false
        var fetchesSucceeded = 0
        var fetchesFailed = 0
        var lastFailure: KeySetError?

        /// A fetch that runs may have read the keys before they changed; only a join is content with it.
        func fetchToWaitFor(_ wish: KeySetStateMachine.Wish) -> Int {
            wish == .join && machine.isFetching ? fetchesBegun : fetchesBegun + 1
        }
    }

    private struct Waiting {
        let continuation: CheckedContinuation<Void, Never>
        /// The number of the fetch whose end is waited for.
        let fetch: Int
    }

    /// Requests that wait for keys at the same time; more go on without waiting.
    private static let waitingMax = 1_000

    private let issuer: Int
    private let verifier: TokenVerifier
    private let source: any KeySetSource
    private let around: Surroundings
    private let state: Mutex<State>

    /// Makes a refresher for the issuer of that index; nothing happens before ``run()``.
    package init(
        issuer: Int, verifier: TokenVerifier, source: any KeySetSource, timing: KeySetTiming = KeySetTiming(),
        surroundings: Surroundings
    ) {
        self.issuer = issuer
        self.verifier = verifier
        self.source = source
        around = surroundings
        state = Mutex(State(machine: KeySetStateMachine(timing)))
    }

    /// Keeps the keys fresh until its task is cancelled; to be called once.
    package func run() async {
        while !Task.isCancelled {
            switch nextAction() {
            case .fetch(let reason): await fetch(reason)
            case .withdraw:
                verifier.withdrawKeys(issuer: issuer)
                around.onEvent(name, .withdrawn)
            case .sleep(let until): await pause(until: until)
            }
        }
        release(waitingForFetch: .max)
    }

    /// Waits for keys that a token needs: joins a fetch that runs, causes one if that is not too soon, and otherwise
    /// returns at once; after the time is over it returns in any case.
    package func awaitKeys(waitingMilliseconds: Int64) async {
        let now = around.nowNanoseconds()
        await wait(milliseconds: waitingMilliseconds) { $0.keysWanted(now: now) }
    }

    /// Waits for the end of the first fetch, at the start of a node; costs nothing of what unknown keys may ask for.
    package func awaitFirstFetch(waitingMilliseconds: Int64) async {
        await wait(milliseconds: waitingMilliseconds) { $0.hasEndedAFetch ? .tooSoon : .join }
    }

    /// Fetches because the operator says so, for a file has changed, and waits for the result.
    ///
    /// - Returns: how the keys stand then.
    @discardableResult
    package func reload(waitingMilliseconds: Int64) async -> KeySetStatus {
        await wait(milliseconds: waitingMilliseconds) { machine in
            machine.reload()
            return .fetch
        }
        return status()
    }

    /// Takes keys that another node fetched just now, without a fetch of our own.
    ///
    /// - Throws: when they cannot be used; those at hand then stay in force.
    package func adopt(_ fetched: FetchedKeySet) throws(KeySetError) {
        let keySet = try KeySet(parsingJWKS: fetched.bytes)
        verifier.adoptKeys(issuer: issuer, keySet, endsFetch: false)
        let (now, jitter) = (around.nowNanoseconds(), around.jitter())
        state.withLock { state in
            state.machine.adopted(
                freshForSeconds: fetched.freshForSeconds, ageMilliseconds: fetched.ageMilliseconds, jitter: jitter,
                now: now)
            state.lastFailure = nil
        }
        // The next fetch is due at another time than the one that is slept for.
        wake()
        around.onEvent(name, .fetched(keyCount: keySet.count, rejections: keySet.rejections))
    }

    /// How the keys stand now.
    package func status() -> KeySetStatus {
        let now = around.nowNanoseconds()
        let keyCount = verifier.keyCount(issuer: issuer)
        return state.withLock { state in
            KeySetStatus(
                issuer: name, availability: state.machine.availability(now: now), keyCount: keyCount,
                ageSeconds: state.machine.ageSeconds(now: now), fetchesSucceeded: state.fetchesSucceeded,
                fetchesFailed: state.fetchesFailed, lastFailure: state.lastFailure)
        }
    }

    private var name: String { verifier.policies[issuer].issuer }
}

extension KeySetRefresher {
    private func nextAction() -> KeySetStateMachine.Action {
        let now = around.nowNanoseconds()
        return state.withLock { state in
            let action = state.machine.next(now: now)
            if case .fetch = action { state.fetchesBegun += 1 }
            return action
        }
    }

    private func fetch(_ reason: KeySetFetchReason) async {
        verifier.fetchBegins(issuer: issuer)
        let begun = around.nowNanoseconds()
        do throws(KeySetError) {
            let fetched = try await source.fetch(reason)
            let keySet = try KeySet(parsingJWKS: fetched.bytes)
            // What the issuer served before we asked does not say that it lacks a key now.
            if fetched.ageMilliseconds <= (around.nowNanoseconds() - begun) / 1_000_000 {
                verifier.replaceKeys(issuer: issuer, with: keySet)
            } else {
                verifier.adoptKeys(issuer: issuer, keySet, endsFetch: true)
            }
            succeeded(fetched)
            around.onEvent(name, .fetched(keyCount: keySet.count, rejections: keySet.rejections))
        } catch {
            failed(error)
            if !Task.isCancelled { around.onEvent(name, .failed(error)) }
        }
        // Only this task begins fetches, so the number is still that of this one.
        release(waitingForFetch: state.withLock { $0.fetchesBegun })
    }

    private func succeeded(_ fetched: FetchedKeySet) {
        let (now, jitter) = (around.nowNanoseconds(), around.jitter())
        state.withLock { state in
            state.machine.fetched(
                freshForSeconds: fetched.freshForSeconds, ageMilliseconds: fetched.ageMilliseconds, jitter: jitter,
                now: now)
            state.fetchesSucceeded += 1
            state.lastFailure = nil
        }
    }

    private func failed(_ error: KeySetError) {
        let (now, jitter) = (around.nowNanoseconds(), around.jitter())
        let retryAfterSeconds = state.withLock { state in
            state.machine.failed(jitter: jitter, now: now)
            state.fetchesFailed += 1
            state.lastFailure = error
            return state.machine.retryAfterSeconds(now: now)
        }
        verifier.fetchFailed(issuer: issuer, retryAfterSeconds: retryAfterSeconds)
    }

    /// Sleeps in a task of its own, which ``wake()`` cancels.
    private func pause(until: Int64) async {
        let (difference, isBeyond) = until.subtractingReportingOverflow(around.nowNanoseconds())
        let nanoseconds = isBeyond ? Int64.max : max(difference, 0)
        let sleep = around.sleep
        let sleeper = Task { await sleep(nanoseconds) }
        let mustNotSleep = state.withLock { state in
            defer { state.mustNotSleep = false }
            if !state.mustNotSleep { state.sleeper = sleeper }
            return state.mustNotSleep
        }
        if mustNotSleep { sleeper.cancel() }
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        state.withLock { $0.sleeper = nil }
    }

    private func wake() {
        let sleeper = state.withLock { state in
            // Between the machine's word and the sleep there is a moment in which there is no sleeper to cancel.
            if state.sleeper == nil { state.mustNotSleep = true }
            return state.sleeper
        }
        sleeper?.cancel()
    }
}

extension KeySetRefresher {
    private func wait(
        milliseconds: Int64, asking ask: @Sendable (inout KeySetStateMachine) -> KeySetStateMachine.Wish
    ) async {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        let sleep = around.sleep
        let timeout = Mutex<Task<Void, Never>?>(nil)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (wish, waits) = state.withLock { state in
                    let wish = ask(&state.machine)
                    let waits = wish != .tooSoon && state.waiting.count < Self.waitingMax && !Task.isCancelled
                    let fetch = state.fetchToWaitFor(wish)
                    if waits { state.waiting[ticket] = Waiting(continuation: continuation, fetch: fetch) }
                    return (wish, waits)
                }
                if wish == .fetch { wake() }
                guard waits else { return continuation.resume() }
                let task = Task {
                    await sleep(milliseconds * 1_000_000)
                    self.release(ticket)
                }
                timeout.withLock { $0 = task }
            }
        } onCancel: {
            release(ticket)
        }
        timeout.withLock { $0 }?.cancel()
    }

    private func release(_ ticket: UInt64) {
        state.withLock { $0.waiting.removeValue(forKey: ticket) }?.continuation.resume()
    }

    private func release(waitingForFetch fetch: Int) {
        let released = state.withLock { state in
            let released = state.waiting.filter { $0.value.fetch <= fetch }
            for ticket in released.keys { state.waiting[ticket] = nil }
            return released
        }
        for waiting in released.values { waiting.continuation.resume() }
    }
}
