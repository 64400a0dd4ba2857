import IntentProtocol

/// Tries again what a service asks to be tried again: 429, 5xx, and nothing else.
///
/// A connection that fails is not tried again here: the time that the first attempt took is what a caller waits, and the
/// store serves the last value meanwhile.
struct RetryingTransport: ServiceTransport {
    static let attemptsMax = 3
    /// The longest wait before the second attempt; it doubles with each, and a random part of it is waited.
    static let waitMilliseconds: Int64 = 200

    let inner: any ServiceTransport
    let around: SecretSurroundings
    /// Whether an answer other than 429 and 5xx says "slow down" in a way of its own.
    var isThrottled: @Sendable (ServiceReply) -> Bool = { _ in false }

    func send(_ request: ServiceRequest) async throws(SourceFault) -> ServiceReply {
        var attempt = 1
        while true {
            let reply = try await inner.send(request)
            let isTransient = reply.status == 429 || (500...599).contains(reply.status) || isThrottled(reply)
            guard isTransient, attempt < Self.attemptsMax, !Task.isCancelled else { return reply }
            let longest = Double(Self.waitMilliseconds << (attempt - 1)) * 1_000_000
            await around.sleep(Int64(longest * (0.5 + around.jitter() / 2)))
            attempt += 1
        }
    }
}
