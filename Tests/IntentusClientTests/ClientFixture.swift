import IntentProtocol
import Synchronization

@testable import IntentusClient

/// A clock that moves only when the client waits, and notes every wait.
final class SteppedClock: Sendable {
    private let state = Mutex((now: ContinuousClock.now, waits: [Duration]()))

    var waits: [Duration] { state.withLock { $0.waits } }

    var surroundings: IntentusClient.Surroundings {
        IntentusClient.Surroundings(
            now: { self.state.withLock { $0.now } },
            sleep: { duration in
                self.state.withLock {
                    $0.now += duration
                    $0.waits.append(duration)
                }
            },
            jitter: { 1 })
    }
}

struct Question: Encodable, Sendable {
    var text = "grüße 🐝"
}

struct Reply: Decodable, Sendable, Equatable {
    var text: String
    var count: Int
}

enum ClientFixture {
    /// Gives the body a client with a stepped clock, and ends the client behind it.
    static func with<Result>(
        _ url: String, token: TokenProvider? = nil, attemptsMax: Int = 3,
        configure: (inout IntentusClient.Configuration) -> Void = { _ in },
        _ body: (IntentusClient, SteppedClock) async throws -> Result
    ) async throws -> Result {
        var configuration = IntentusClient.Configuration()
        configuration.retry.attemptsMax = attemptsMax
        configure(&configuration)
        let clock = SteppedClock()
        let client = IntentusClient(
            gateway: url, token: token, configuration: configuration, around: clock.surroundings)
        do {
            let result = try await body(client, clock)
            try await client.shutdown()
            return result
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    static var idempotent: IntentOptions {
        var options = IntentOptions()
        options.isIdempotent = true
        return options
    }
}

extension IntentusClient {
    /// The reply, or the error as a value.
    func ask(
        timeoutMilliseconds: Int64? = nil, options: IntentOptions = IntentOptions()
    ) async throws -> Result<Reply, IntentError> {
        do {
            return .success(
                try await call(
                    "SummarizeIntent", payload: Question(), as: Reply.self, timeoutMilliseconds: timeoutMilliseconds,
                    options: options))
        } catch let error as IntentError {
            return .failure(error)
        }
    }
}

extension Result where Failure == IntentError {
    var failure: IntentError? {
        if case .failure(let error) = self { error } else { nil }
    }
}
