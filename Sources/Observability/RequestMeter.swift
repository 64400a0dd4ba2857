package import Gateway
import IntentProtocol
import Synchronization

/// Counts requests and their latencies by intent, agent and outcome, with a bounded number of series.
///
/// Every event loop has a shard of its own, so counting takes no shared lock. Label values are only names that the
/// directory vouches for and the closed set of outcomes: a caller cannot make series. Names beyond the bounds are
/// counted under `other`, and so are series beyond theirs; the outcome is told in any case.
package final class RequestMeter: Sendable {
    /// The bounds of cardinality and the histogram's buckets.
    package struct Settings: Sendable {
        /// How many event loops record.
        package var shards = 1
        package var intentsMax = 200
        package var agentsMax = 1000
        /// Beside one overflow series for each outcome.
        package var seriesMax = 2000
        /// The upper bounds of the latency buckets in seconds, rising.
        package var bucketSeconds: [Double] = [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ]

        package init() {}
    }

    private let intents: BoundedIndex<String>
    private let agents: BoundedIndex<String>
    private let series: BoundedIndex<UInt64>
    /// The upper bounds of the latency buckets in seconds, rising.
    package let bucketSeconds: [Double]
    private let boundsNanoseconds: [Int64]
    private let shards: [Shard]
    private let threads: ThreadShards
    private let shadowDecisions: LabelledCounter
    private let sealFailures: LabelledCounter

    private final class Shard: Sendable {
        let state = Mutex(RequestMeterShard())
    }

    private static let fineName = "intentusnet_request_duration_fine_seconds"

    package init(_ settings: Settings = Settings()) {
        intents = BoundedIndex(reserved: LabelId.reservedNames, countMax: settings.intentsMax)
        agents = BoundedIndex(reserved: LabelId.reservedNames, countMax: settings.agentsMax)
        let overflow = (0..<RequestOutcome.count).map { SeriesKey(intent: .other, agent: .other, outcome: $0).raw }
        series = BoundedIndex(reserved: overflow, countMax: settings.seriesMax)
        bucketSeconds = settings.bucketSeconds.sorted()
        boundsNanoseconds = bucketSeconds.map { Int64(($0 * 1e9).rounded()) }
        shards = (0..<max(1, settings.shards)).map { _ in Shard() }
        threads = ThreadShards(count: shards.count)
        shadowDecisions = LabelledCounter(
            "intentusnet_policy_shadow_total", "Decisions that a rule in shadow mode would have made.", label: "rule",
            valuesMax: 1000)
        sealFailures = LabelledCounter(
            "intentusnet_emcl_failures_total", "Messages that could not be opened or sealed.", label: "reason",
            valuesMax: 64)
    }

    /// The number of an intent's name, ``LabelId/other`` beyond the bound.
    package func intern(intent: String) -> LabelId { Self.label(intents.resolve(intent)) }

    /// The number of an agent's name, ``LabelId/other`` beyond the bound.
    package func intern(agent: String) -> LabelId { Self.label(agents.resolve(agent)) }

    /// Counts one request.
    package func record(intent: LabelId, agent: LabelId, outcome: RequestOutcome, latencyNanoseconds: Int64) {
        let key = SeriesKey(intent: intent, agent: agent, outcome: outcome.index)
        let result = RequestResult(outcome)
        shards[threads.current].state.withLock {
            $0.record(key, latencyNanoseconds: latencyNanoseconds, series, boundsNanoseconds)
            $0.fine.record(result, latencyNanoseconds: max(0, latencyNanoseconds), nil)
        }
    }

    /// Counts one request by its names; both must come from the directory, never from the caller alone.
    ///
    /// - Parameter sampled: the request's trace where it is kept; the fine histogram then points to it.
    package func record(
        intent: String?, agent: String?, outcome: RequestOutcome, latencyNanoseconds: Int64,
        sampled: SampledRequest? = nil
    ) {
        let result = RequestResult(outcome)
        let outcome = outcome.index
        shards[threads.current].state.withLock { shard in
            let intent = intent.map { Self.label(shard.intents.index(of: $0, in: intents)) } ?? .absent
            let agent = agent.map { Self.label(shard.agents.index(of: $0, in: agents)) } ?? .absent
            let key = SeriesKey(intent: intent, agent: agent, outcome: outcome)
            shard.record(key, latencyNanoseconds: latencyNanoseconds, series, boundsNanoseconds)
            shard.fine.record(result, latencyNanoseconds: max(0, latencyNanoseconds), sampled)
        }
    }

    /// Counts a decision that a rule in shadow mode would have made.
    package func recordShadow(rule: String) {
        shadowDecisions.increment(rule)
    }

    /// Counts a message that could not be opened or sealed.
    package func recordSealFailure(reason: String) {
        sealFailures.increment(reason)
    }

    /// Requests counted so far, all series together.
    package var requestCount: UInt64 {
        let (cells, width) = (totals(), boundsNanoseconds.count + 2)
        // The first cell of each series is its sum of latencies.
        return cells.indices.lazy.filter { $0 % width != 0 }.reduce(0) { $0 &+ cells[$1] }
    }

    /// Everything counted so far by outcome and by latency.
    package var tally: RequestTally {
        let (cells, width) = (totals(), boundsNanoseconds.count + 2)
        var tally = RequestTally(
            counts: Array(repeating: 0, count: RequestOutcome.count),
            buckets: Array(repeating: 0, count: boundsNanoseconds.count + 1))
        for (index, raw) in series.keys.enumerated() where (index + 1) * width <= cells.count {
            let row = cells[(index * width + 1)..<((index + 1) * width)]
            tally.counts[SeriesKey(raw: raw).outcome] &+= row.reduce(0, &+)
            for (bucket, count) in row.enumerated() { tally.buckets[bucket] &+= count }
        }
        return tally
    }

    private static func label(_ answer: BoundedIndex<String>.Answer) -> LabelId {
        guard case .index(let index) = answer else { return .other }
        return label(index)
    }

    private static func label(_ index: Int?) -> LabelId {
        index.map { LabelId(index: UInt32($0)) } ?? .other
    }
}

extension RequestMeter: MetricSource {
    package var metricNames: [String] {
        ["intentusnet_requests_total", "intentusnet_request_duration_seconds", Self.fineName]
            + shadowDecisions.metricNames
            + sealFailures.metricNames
    }

    package func write(to text: inout ExpositionText) {
        let cells = totals()
        let width = boundsNanoseconds.count + 2
        let intents = intents.keys
        let agents = agents.keys
        var rows: [(labels: [MetricLabel], cells: ArraySlice<UInt64>, count: UInt64)] = []
        for (index, raw) in series.keys.enumerated() where (index + 1) * width <= cells.count {
            let row = cells[(index * width)..<((index + 1) * width)]
            let count = row.dropFirst().reduce(0, +)
            guard count > 0 else { continue }
            let key = SeriesKey(raw: raw)
            let labels: [MetricLabel] = [
                MetricLabel("intent", intents[key.intent]), MetricLabel("agent", agents[key.agent]),
                MetricLabel("outcome", RequestOutcome.label(at: key.outcome)),
            ]
            rows.append((labels, row, count))
        }
        text.beginFamily("intentusnet_requests_total", "Requests that were answered or given up.", .counter)
        for row in rows { text.sample(row.labels, Double(row.count)) }
        text.beginFamily(
            "intentusnet_request_duration_seconds", "From the complete request to the answer.", .histogram)
        for row in rows {
            let sum = Double(row.cells[row.cells.startIndex]) / 1e9
            text.histogram(row.labels, bounds: bucketSeconds, counts: row.cells.dropFirst(), sum: sum)
        }
        writeFine(to: &text)
        shadowDecisions.write(to: &text)
        sealFailures.write(to: &text)
    }

    /// Every result is told from the start, so that a rate knows of the first request.
    private func writeFine(to text: inout ExpositionText) {
        var sum = FineLatencies()
        for shard in shards { sum.add(shard.state.withLock { $0.fine }) }
        text.beginFamily(
            Self.fineName, "As intentusnet_request_duration_seconds, in buckets a tenth apart, for quantiles.",
            .histogram)
        for result in RequestResult.allCases {
            let row = sum.row(result)
            text.histogram(
                [MetricLabel("result", result.label)], bounds: LatencyBuckets.bounds, counts: row.counts,
                sum: Double(row.sumNanoseconds) / 1e9, exemplars: row.exemplars.map { $0.map(Exemplar.init) })
        }
    }

    /// The cells of all shards, added up in small pieces while their loops go on.
    private func totals() -> [UInt64] {
        let piece = 64 * (boundsNanoseconds.count + 2)
        var total: [UInt64] = []
        for shard in shards {
            var start = 0
            while true {
                let range = start..<(start + piece)
                let cells = shard.state.withLock { $0.cells(in: range) }
                guard !cells.isEmpty else { break }
                if total.count < start + cells.count {
                    total.append(contentsOf: repeatElement(0, count: start + cells.count - total.count))
                }
                for (index, cell) in cells.enumerated() { total[start + index] &+= cell }
                start += piece
            }
        }
        return total
    }
}
