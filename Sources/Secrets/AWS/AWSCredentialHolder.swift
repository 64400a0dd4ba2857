import IntentProtocol
import Synchronization

/// The credentials in force: fetched once for all who ask at the same time, and anew before they end.
final class AWSCredentialHolder: Sendable {
    /// Temporary credentials are had anew so long before their end, or at half their life when that is shorter.
    static let marginSeconds: Int64 = 300
    /// After a fetch that failed, the former ones serve so long before the next try.
    static let retryNanoseconds: Int64 = 10_000_000_000

    private struct State {
        var credentials: AWSCredentials?
        /// When others are had, in Unix seconds; nil for credentials without an end.
        var renewsAtUnixSeconds: Int64?
        var failedAtNanoseconds: Int64?
    }

    private let state = Mutex(State())
    private let flight = SingleFlight<AWSCredentials>()
    private let around: SecretSurroundings
    private let fetch: @Sendable () async throws(SourceFault) -> AWSCredentials

    init(
        _ around: SecretSurroundings, fetch: @escaping @Sendable () async throws(SourceFault) -> AWSCredentials
    ) {
        self.around = around
        self.fetch = fetch
    }

    /// Credentials that are good now.
    func current() async throws(SourceFault) -> AWSCredentials {
        if let credentials = fresh { return credentials }
        return try await flight.run { await self.renew() }.get()
    }

    /// Forgets credentials that AWS refused.
    func refused(_ credentials: AWSCredentials) {
        state.withLock { if $0.credentials == credentials { $0 = State() } }
    }

    private var fresh: AWSCredentials? {
        let (now, unix) = (around.nowNanoseconds(), around.unixSeconds())
        return state.withLock { state in
            guard let credentials = state.credentials else { return nil }
            guard let renewal = state.renewsAtUnixSeconds, unix >= renewal else { return credentials }
            guard let end = credentials.endsAtUnixSeconds, unix < end, let failed = state.failedAtNanoseconds,
                now < failed + Self.retryNanoseconds
            else { return nil }
            return credentials
        }
    }

    private func renew() async -> SingleFlight<AWSCredentials>.Outcome {
        if let fresh { return .success(fresh) }
        let outcome = await Result.of(fetch)
        let (now, unix) = (around.nowNanoseconds(), around.unixSeconds())
        switch outcome {
        case .success(let credentials):
            let renewal = credentials.endsAtUnixSeconds.map { end in
                end - min(Self.marginSeconds, max(end - unix, 0) / 2)
            }
            state.withLock { $0 = State(credentials: credentials, renewsAtUnixSeconds: renewal) }
            return .success(credentials)
        case .failure(let fault):
            let former = state.withLock { state -> AWSCredentials? in
                state.failedAtNanoseconds = now
                return state.credentials
            }
            guard let former, let end = former.endsAtUnixSeconds, unix < end else { return .failure(fault) }
            around.note(.awsCredentialsTrouble(fault.problem))
            return .success(former)
        }
    }
}
