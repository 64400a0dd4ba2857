import Synchronization
package import Traces

/// Keeps spans until they are sent, and sends them in batches beside whatever makes them.
///
/// Nothing that makes spans waits for it: where the receiver is away or slow, spans are dropped and counted.
package final class SpanExporter: Sendable {
    /// Bounds of memory and time.
    package struct Settings: Sendable {
        package var queueSpansMax = 8_192
        package var batchSpansMax = 512
        /// Spans wait so long at most before they are sent.
        package var everyMilliseconds: Int64 = 2_000
        package var backOff = ExportBackOff()

        package init() {}
    }

    /// What the exporter takes from the world.
    package struct Surroundings: Sendable {
        package var nowNanoseconds: @Sendable () -> Int64
        package var sleep: @Sendable (_ milliseconds: Int64) async -> Void
        /// 0 to 1, by chance.
        package var jitter: @Sendable () -> Double

        package init(
            nowNanoseconds: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Int64) async -> Void,
            jitter: @escaping @Sendable () -> Double
        ) {
            self.nowNanoseconds = nowNanoseconds
            self.sleep = sleep
            self.jitter = jitter
        }
    }

    /// What became of spans so far.
    package struct Counts: Sendable, Hashable {
        package var exported = 0
        package var dropped: [SpanLoss: Int] = [:]
    }

    private struct State {
        var queue: SpanQueue
        var counts = Counts()
        /// Of the batch that is being sent.
        var inFlight = 0
        var hasEnded = false
    }

    private let settings: Settings
    private let text: OTLPText
    private let around: Surroundings
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    package init(_ settings: Settings, text: OTLPText, _ around: Surroundings) {
        self.settings = settings
        self.text = text
        self.around = around
        state = Mutex(State(queue: SpanQueue(spansMax: settings.queueSpansMax)))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package var counts: Counts { state.withLock { $0.counts } }
    /// Whether ``close(withinMilliseconds:send:)`` was called.
    package var hasEnded: Bool { state.withLock { $0.hasEnded } }
    /// Spans that wait.
    package var queued: Int { state.withLock { $0.queue.count + $0.inFlight } }

    /// Takes the spans of one request; never blocks.
    package func append(_ spans: [Span]) {
        let isBatch = state.withLock { state in
            guard !state.hasEnded else {
                state.counts.dropped[.shutdown, default: 0] += spans.count
                return false
            }
            guard state.queue.append(spans) else {
                state.counts.dropped[.queueFull, default: 0] += spans.count
                return false
            }
            return state.queue.count >= settings.batchSpansMax
        }
        if isBatch { wake.yield() }
    }

    /// Sends what waits until the task is cancelled; ``close(withinMilliseconds:send:)`` sends the rest.
    ///
    /// - Parameter send: sends the body of one request, within a time of its own.
    package func run(send: @escaping @Sendable ([UInt8]) async -> SpanDelivery) async {
        await withTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.around.sleep(self.settings.everyMilliseconds)
                    self.wake.yield()
                }
            }
            group.addTask {
                for await _ in self.wakes {
                    while !Task.isCancelled, await self.sendBatch(send) {}
                }
            }
        }
    }

    /// Takes no more spans, and sends those that wait, each batch once and until the time is over.
    package func close(
        withinMilliseconds milliseconds: Int64, send: @escaping @Sendable ([UInt8]) async -> SpanDelivery
    ) async {
        state.withLock { $0.hasEnded = true }
        let deadline = around.nowNanoseconds() + milliseconds * 1_000_000
        while around.nowNanoseconds() < deadline {
            let batch = take()
            guard !batch.isEmpty else { return }
            guard case .accepted(let rejected) = await send(text.body(of: batch)) else {
                settle(batch.count, delivered: 0, .shutdown)
                break
            }
            settle(batch.count, delivered: batch.count - min(rejected, batch.count), .refused)
        }
        state.withLock { state in
            let rest = state.queue.take(atMost: .max).count
            if rest > 0 { state.counts.dropped[.shutdown, default: 0] += rest }
        }
    }

    /// - Returns: whether another batch waits that is worth a request of its own.
    private func sendBatch(_ send: @Sendable ([UInt8]) async -> SpanDelivery) async -> Bool {
        let batch = take()
        guard !batch.isEmpty else { return false }
        let body = text.body(of: batch)
        let began = around.nowNanoseconds()
        var attempt = 1
        while true {
            switch await send(body) {
            case .accepted(let rejected):
                settle(batch.count, delivered: batch.count - min(rejected, batch.count), .refused)
                return queued >= settings.batchSpansMax
            case .refused:
                settle(batch.count, delivered: 0, .refused)
                return queued >= settings.batchSpansMax
            case .notNow(let asked):
                let spent = (around.nowNanoseconds() - began) / 1_000_000
                let wait = settings.backOff.wait(
                    attempt: attempt, askedMilliseconds: asked, spentMilliseconds: spent, jitter: around.jitter())
                guard let wait, !Task.isCancelled else {
                    settle(batch.count, delivered: 0, Task.isCancelled ? .shutdown : .undelivered)
                    return false
                }
                await around.sleep(wait)
                guard !Task.isCancelled else {
                    settle(batch.count, delivered: 0, .shutdown)
                    return false
                }
                attempt += 1
            }
        }
    }

    private func take() -> [Span] {
        state.withLock { state in
            let batch = state.queue.take(atMost: settings.batchSpansMax)
            state.inFlight = batch.count
            return batch
        }
    }

    private func settle(_ count: Int, delivered: Int, _ loss: SpanLoss) {
        state.withLock { state in
            state.inFlight = 0
            state.counts.exported += delivered
            if delivered < count { state.counts.dropped[loss, default: 0] += count - delivered }
        }
    }
}
