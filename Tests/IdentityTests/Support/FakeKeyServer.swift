import Synchronization

@testable import Identity

/// A source of keys whose answers are given by the test, one for each fetch.
final class FakeKeyServer: KeySetSource {
    private struct State {
        var fetches: [CheckedContinuation<Result<FetchedKeySet, KeySetError>, Never>] = []
        var arrivals: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var count = 0
    }

    private let state = Mutex(State())

    func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        try await withCheckedContinuation { continuation in
            let arrived = state.withLock { state in
                state.fetches.append(continuation)
                state.count += 1
                let arrived = state.arrivals.filter { $0.count <= state.count }
                state.arrivals.removeAll { $0.count <= state.count }
                return arrived
            }
            for arrival in arrived { arrival.continuation.resume() }
        }.get()
    }

    /// How many fetches began.
    var count: Int { state.withLock { $0.count } }

    /// Returns when that many fetches have begun.
    func fetchBegins(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count < count { state.arrivals.append((count, continuation)) }
                return state.count >= count
            }
            if isThere { continuation.resume() }
        }
    }

    /// Answers the fetch that waits.
    func answer(_ bytes: [UInt8], freshForSeconds: Int64? = nil, ageMilliseconds: Int64 = 0) {
        finish(
            .success(
                FetchedKeySet(bytes: bytes, freshForSeconds: freshForSeconds, ageMilliseconds: ageMilliseconds)))
    }

    /// Fails the fetch that waits.
    func fail() {
        finish(.failure(.unreachable("down for the test")))
    }

    private func finish(_ result: Result<FetchedKeySet, KeySetError>) {
        state.withLock { $0.fetches.isEmpty ? nil : $0.fetches.removeFirst() }?.resume(returning: result)
    }
}
