import Identity
import Synchronization

@testable import RedisState

/// One issuer's key set in memory, on a clock of the test; one instance stands for the Redis of a cluster.
final class MemoryKeySetShare: KeySetShare {
    struct State {
        var copy: [UInt8]?
        var lock: (token: [UInt8], until: Int64)?
        var wishUntil = Int64.min
        var failure: (text: String, until: Int64)?
        var isAway: RedisFailure?
        var stores = 0
    }

    private let clock: TestClock
    private let timing: SharedKeySetTiming
    private let state = Mutex(State())

    init(clock: TestClock, timing: SharedKeySetTiming = SharedKeySetTiming()) {
        self.clock = clock
        self.timing = timing
    }

    var stores: Int { state.withLock { $0.stores } }
    func put(_ value: [UInt8]?) { state.withLock { $0.copy = value } }
    func fail(_ failure: RedisFailure?) { state.withLock { $0.isAway = failure } }

    func ask(_ question: KeySetQuestion) async -> Result<KeySetAnswer, RedisFailure> {
        let now = clock.milliseconds
        return state.withLock { state in
            if let failure = state.isAway { return .failure(failure) }
            return .success(KeySetAnswer(nowMilliseconds: now, outcome: state.outcome(question, now, timing)))
        }
    }

    func newerCopy(knownLabel: [UInt8]) async -> Result<KeySetAnswer?, RedisFailure> {
        let now = clock.milliseconds
        return state.withLock { state in
            if let failure = state.isAway { return .failure(failure) }
            guard let copy = state.copy, KeySetCopy.label(of: copy) != knownLabel else { return .success(nil) }
            return .success(KeySetAnswer(nowMilliseconds: now, outcome: .copy(copy)))
        }
    }

    func store(
        _ copy: [UInt8], token: [UInt8], timeToLiveMilliseconds: Int64
    ) async -> Result<Bool, RedisFailure> {
        state.withLock { state in
            if let failure = state.isAway { return .failure(failure) }
            guard state.lock?.token == token else { return .success(false) }
            state.copy = copy
            state.lock = nil
            state.failure = nil
            state.stores += 1
            return .success(true)
        }
    }

    func giveUp(token: [UInt8], failure text: String?) async -> Result<Void, RedisFailure> {
        let now = clock.milliseconds
        return state.withLock { state in
            if let failure = state.isAway { return .failure(failure) }
            guard state.lock?.token == token else { return .success(()) }
            state.lock = nil
            if let text { state.failure = (text, now + timing.failureMilliseconds) }
            return .success(())
        }
    }
}

extension MemoryKeySetShare.State {
    mutating func outcome(
        _ question: KeySetQuestion, _ now: Int64, _ timing: SharedKeySetTiming
    ) -> KeySetAnswer.Outcome {
        if question.readsCopies, let copy, KeySetCopy.label(of: copy) != question.knownLabel { return .copy(copy) }
        if let lock, lock.until > now { return .held }
        if question.reason == .unknownKey, question.readsCopies, wishUntil > now { return .tooSoon }
        if !question.ignoresFailure, let failure, failure.until > now { return .failedElsewhere(failure.text) }
        lock = (question.token, now + timing.lockMilliseconds)
        if question.reason == .unknownKey { wishUntil = now + timing.unknownKeyIntervalMilliseconds }
        return .mayFetch
    }
}
