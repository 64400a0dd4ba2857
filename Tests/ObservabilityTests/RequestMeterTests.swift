import Foundation
import Gateway
import IntentProtocol
import Observability
import Testing

@Suite("Request meter")
struct RequestMeterTests {
    private func scrape(_ meter: RequestMeter) throws -> PrometheusText {
        let registry = MetricsRegistry()
        registry.register(meter)
        return try PrometheusText(registry.exposition())
    }

    private func series(_ intent: String, _ agent: String, _ outcome: String) -> [String: String] {
        ["intent": intent, "agent": agent, "outcome": outcome]
    }

    @Test("writes counts and histograms as Prometheus reads them")
    func exactText() {
        var settings = RequestMeter.Settings()
        settings.bucketSeconds = [0.001, 0.1]
        let meter = RequestMeter(settings)
        let intent = meter.intern(intent: "SummarizeIntent")
        let agent = meter.intern(agent: "summarizer")
        meter.record(intent: intent, agent: agent, outcome: .success, latencyNanoseconds: 1_000_000)
        meter.record(intent: intent, agent: agent, outcome: .success, latencyNanoseconds: 1_000_001)
        meter.record(intent: intent, agent: agent, outcome: .success, latencyNanoseconds: 250_000_000)
        meter.recordShadow(rule: "no-drafts")
        meter.recordSealFailure(reason: "wrong_tag")
        let registry = MetricsRegistry()
        registry.register(meter)
        // The fine histogram has tests of its own.
        let text =
            String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
            .filter { !$0.contains("_fine_seconds") }.joined(separator: "\n") + "\n"
        let labels = #"intent="SummarizeIntent",agent="summarizer",outcome="success""#
        #expect(
            text == """
                # HELP intentusnet_requests_total Requests that were answered or given up.
                # TYPE intentusnet_requests_total counter
                intentusnet_requests_total{\(labels)} 3
                # HELP intentusnet_request_duration_seconds From the complete request to the answer.
                # TYPE intentusnet_request_duration_seconds histogram
                intentusnet_request_duration_seconds_bucket{\(labels),le="0.001"} 1
                intentusnet_request_duration_seconds_bucket{\(labels),le="0.1"} 2
                intentusnet_request_duration_seconds_bucket{\(labels),le="+Inf"} 3
                intentusnet_request_duration_seconds_sum{\(labels)} 0.252000001
                intentusnet_request_duration_seconds_count{\(labels)} 3
                # HELP intentusnet_policy_shadow_total Decisions that a rule in shadow mode would have made.
                # TYPE intentusnet_policy_shadow_total counter
                intentusnet_policy_shadow_total{rule="no-drafts"} 1
                # HELP intentusnet_emcl_failures_total Messages that could not be opened or sealed.
                # TYPE intentusnet_emcl_failures_total counter
                intentusnet_emcl_failures_total{reason="wrong_tag"} 1

                """)
    }

    @Test("counts by name as the gateway calls it, every outcome told apart")
    func gatewayPort() throws {
        let meter = RequestMeter()
        let port: any RequestMetering = meter
        port.record(intent: "A", agent: "one", outcome: nil, latencyNanoseconds: 5, sampled: nil)
        for code in ErrorCode.allCases {
            port.record(intent: "A", agent: "one", outcome: code, latencyNanoseconds: 5, sampled: nil)
        }
        port.record(intent: nil, agent: nil, outcome: .unauthorized, latencyNanoseconds: -5, sampled: nil)
        port.recordClientGone(intent: "A", agent: nil, latencyNanoseconds: 5)
        let read = try scrape(meter)
        #expect(read.value("intentusnet_requests_total", series("A", "one", "success")) == 1)
        for code in ErrorCode.allCases {
            #expect(read.value("intentusnet_requests_total", series("A", "one", code.rawValue)) == 1)
        }
        #expect(read.value("intentusnet_requests_total", series("none", "none", "UNAUTHORIZED")) == 1)
        #expect(read.value("intentusnet_request_duration_seconds_sum", series("none", "none", "UNAUTHORIZED")) == 0)
        #expect(read.value("intentusnet_requests_total", series("A", "none", "client_gone")) == 1)
        #expect(read.samples("intentusnet_requests_total").count == 17)
    }

    @Test("a name counted by id and by text is one series, also the reserved names")
    func oneSeries() throws {
        let meter = RequestMeter()
        meter.record(
            intent: meter.intern(intent: "A"), agent: .absent, outcome: .success, latencyNanoseconds: 5)
        meter.record(intent: "A", agent: String?.none, outcome: RequestOutcome.success, latencyNanoseconds: 5)
        meter.record(intent: "other", agent: "none", outcome: RequestOutcome.success, latencyNanoseconds: 5)
        meter.record(intent: .other, agent: .absent, outcome: .success, latencyNanoseconds: 5)
        let read = try scrape(meter)
        #expect(read.value("intentusnet_requests_total", series("A", "none", "success")) == 2)
        #expect(read.value("intentusnet_requests_total", series("other", "none", "success")) == 2)
    }

    @Test("+ metric cardinality: names beyond the bound are counted under other", arguments: [1, 3])
    func labelBound(shards: Int) throws {
        var settings = RequestMeter.Settings()
        settings.shards = shards
        settings.intentsMax = 20
        settings.agentsMax = 5
        let meter = RequestMeter(settings)
        for index in 0..<10_000 {
            meter.record(
                intent: "Intent\(index)", agent: "agent\(index % 7)", outcome: RequestOutcome.success,
                latencyNanoseconds: 1)
        }
        let read = try scrape(meter)
        let samples = read.samples("intentusnet_requests_total")
        #expect(samples.reduce(0) { $0 + $1.value } == 10_000)
        #expect(Set(samples.compactMap { $0.labels["intent"] }).count == 21)
        #expect(Set(samples.compactMap { $0.labels["agent"] }).count == 6)
        #expect(meter.intern(intent: "Intent9999") == .other)
        #expect(meter.intern(intent: "Intent3") != .other)
    }

    @Test("+ metric cardinality: series beyond the bound are counted under other, their outcome told")
    func seriesBound() throws {
        var settings = RequestMeter.Settings()
        settings.seriesMax = 10
        let meter = RequestMeter(settings)
        for index in 0..<100 {
            let outcome: RequestOutcome = index % 2 == 0 ? .success : .error(.agentTimeout)
            meter.record(intent: "Intent\(index)", agent: "a", outcome: outcome, latencyNanoseconds: 2_000_000)
        }
        let read = try scrape(meter)
        #expect(read.samples("intentusnet_requests_total").count == 12)
        #expect(read.value("intentusnet_requests_total", series("other", "other", "success")) == 45)
        #expect(read.value("intentusnet_requests_total", series("other", "other", "AGENT_TIMEOUT")) == 45)
        #expect(read.value("intentusnet_request_duration_seconds_count", series("other", "other", "success")) == 45)
    }

    @Test("counts exactly while four threads record and one scrapes")
    func concurrency() throws {
        var settings = RequestMeter.Settings()
        settings.shards = 3
        let meter = RequestMeter(settings)
        DispatchQueue.concurrentPerform(iterations: 5) { worker in
            if worker == 4 {
                for _ in 0..<5 { _ = try? scrape(meter) }
                return
            }
            for index in 0..<20_000 {
                meter.record(
                    intent: "Intent\(index % 50)", agent: "agent\(worker)", outcome: RequestOutcome.success,
                    latencyNanoseconds: 1_000)
            }
        }
        let read = try scrape(meter)
        for name in ["intentusnet_requests_total", "intentusnet_request_duration_seconds_count"] {
            let samples = read.samples(name)
            #expect(samples.count == 200)
            #expect(samples.allSatisfy { $0.value == 400 })
        }
    }

    @Test("puts every latency into the right bucket")
    func buckets() throws {
        let meter = RequestMeter()
        let bounds = RequestMeter.Settings().bucketSeconds
        let id = meter.intern(intent: "A")
        for bound in bounds {
            let nanoseconds = Int64((bound * 1e9).rounded())
            for latency in [nanoseconds - 1, nanoseconds, nanoseconds + 1] {
                meter.record(intent: id, agent: .absent, outcome: .success, latencyNanoseconds: latency)
            }
        }
        meter.record(intent: id, agent: .absent, outcome: .success, latencyNanoseconds: .max / 4)
        let read = try scrape(meter)
        let samples = read.samples("intentusnet_request_duration_seconds_bucket")
        #expect(samples.count == bounds.count + 1)
        for (index, bound) in bounds.enumerated() {
            let sample = samples.first { Double($0.labels["le"] ?? "") == bound }
            #expect(sample?.value == Double(index * 3 + 2), "le=\(bound)")
        }
        #expect(samples.last?.labels["le"] == "+Inf")
        #expect(samples.last?.value == Double(bounds.count * 3 + 1))
    }
}
