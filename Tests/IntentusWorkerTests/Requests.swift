import IntentProtocol
import Synchronization

@testable import IntentusWorker

struct Greeting: Codable, Sendable, Equatable {
    struct Guest: Codable, Sendable, Equatable {
        var name: String
    }
    var guests: [Guest]
}

/// Requests as a gateway sends them, and their answers read back.
enum Requests {
    static func frame(
        _ intent: String = "GreetIntent", version: String = "1.0", payload: JSONValue = ["guests": []],
        traceId: String? = "trace-1", chain: [String] = []
    ) -> [UInt8] {
        var draft = EnvelopeDraft(
            intentName: intent, payload: JSONText(payload), requestId: "req-1", timestamp: "2026-11-23T03:00:00Z",
            traceId: traceId)
        draft.intentVersion = version
        draft.identityChain = chain
        draft.decisionPath = ["before"]
        return draft.encodedFrame()
    }

    static func answer(_ bytes: [UInt8]) -> AgentResponse {
        AgentReply(parsing: bytes, httpStatus: 200).response()
    }
}

/// A signal that one side gives and others wait for.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation

    init() {
        (stream, source) = AsyncStream.makeStream(of: Void.self)
    }

    func give() { source.finish() }

    /// Returns when the signal is given, or when the waiting task is cancelled.
    func wait() async {
        for await _ in stream {}
    }
}

/// Asks again until it is so; false when it is not so in time.
func eventually(_ isSo: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(15)
    while ContinuousClock.now < deadline {
        if await isSo() { return true }
        await Task.yield()
    }
    return false
}
