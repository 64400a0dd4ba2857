import Observability
import Testing

@Suite("Metrics registry")
struct MetricsRegistryTests {
    private func text(_ registry: MetricsRegistry) -> String {
        String(decoding: registry.exposition(), as: UTF8.self)
    }

    @Test("writes counters and gauges as Prometheus reads them")
    func exactText() {
        let registry = MetricsRegistry()
        registry.counter("intentusnet_reloads_total", "Reloads.", labels: [MetricLabel("result", "refused")])
            .increment(by: 3)
        registry.counter("intentusnet_reloads_total", "Reloads.", labels: [MetricLabel("result", "applied")])
            .increment()
        let gauge = registry.gauge("intentusnet_connections", "Open connections.")
        gauge.set(12)
        gauge.add(-1.5)
        registry.gaugeCallback("intentusnet_build_info", "Build.", labels: [MetricLabel("version", "0.1.0")]) { 1 }
        #expect(
            text(registry) == """
                # HELP intentusnet_reloads_total Reloads.
                # TYPE intentusnet_reloads_total counter
                intentusnet_reloads_total{result="refused"} 3
                intentusnet_reloads_total{result="applied"} 1
                # HELP intentusnet_connections Open connections.
                # TYPE intentusnet_connections gauge
                intentusnet_connections 10.5
                # HELP intentusnet_build_info Build.
                # TYPE intentusnet_build_info gauge
                intentusnet_build_info{version="0.1.0"} 1

                """)
    }

    @Test("hands out one counter for one name and one set of labels")
    func sameCounter() throws {
        let registry = MetricsRegistry()
        registry.counter("a_total", "A.").increment()
        registry.counter("a_total", "A.").increment()
        #expect(try PrometheusText(registry.exposition()).value("a_total") == 2)
    }

    @Test("reads a callback at each scrape, the newer one when it was registered twice")
    func callbacks() throws {
        let registry = MetricsRegistry()
        let age = Gauge(1)
        registry.gaugeCallback("age_seconds", "Age.") { 99 }
        registry.gaugeCallback("age_seconds", "Age.") { age.value }
        registry.samplesCallback("pool_idle", "Idle.", .gauge) {
            (0..<3000).map { MetricSample([MetricLabel("instance", "\($0)")], Double($0)) }
        }
        let read = try PrometheusText(registry.exposition())
        #expect(read.value("age_seconds") == 1)
        #expect(read.samples("pool_idle").count == 2000)
        age.set(2)
        #expect(try PrometheusText(registry.exposition()).value("age_seconds") == 2)
    }

    @Test(
        "a label value cannot forge a sample",
        arguments: ["a\"} 1\nforged_total 5", "back\\slash", "\\n", "line\nfeed", "quote\"", "naïve ☃ 𝄞", ""])
    func escaping(value: String) throws {
        let registry = MetricsRegistry()
        registry.gaugeCallback("g", "Help with \\ and\nline feed.", labels: [MetricLabel("l", value)]) { 1 }
        let read = try PrometheusText(registry.exposition())
        #expect(read.families.map(\.name) == ["g"])
        #expect(read.families.first?.help == "Help with \\\\ and\\nline feed.")
        #expect(read.samples("g") == [PrometheusText.Sample(name: "g", labels: ["l": value], value: 1)])
    }

    @Test(
        "writes numbers that read back",
        arguments: [
            (0.0, "0"), (1.0, "1"), (-3.0, "-3"), (0.1, "0.1"), (1e-7, "1e-07"), (1e15, "1000000000000000"),
            (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ])
    func numbers(value: Double, expected: String) {
        let registry = MetricsRegistry()
        registry.gaugeCallback("g", "G.") { value }
        #expect(text(registry).hasSuffix("\ng \(expected)\n"))
    }

    @Test("+ a counter with a label tells a bounded number of values apart")
    func labelledCounter() throws {
        let registry = MetricsRegistry()
        let refusals = LabelledCounter(
            "refusals_total", "Refusals.", label: "reason", values: ["too_large"], valuesMax: 3)
        registry.register(refusals)
        for index in 0..<10 { refusals.increment("reason\(index)") }
        let read = try PrometheusText(registry.exposition())
        #expect(read.value("refusals_total", ["reason": "too_large"]) == 0)
        #expect(read.value("refusals_total", ["reason": "reason1"]) == 1)
        #expect(read.value("refusals_total", ["reason": "other"]) == 8)
        #expect(read.samples("refusals_total").count == 4)
    }

    @Test("tells what the process uses")
    func process() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry, startUnixNanoseconds: 1_773_500_966_535_897_123)
        let read = try PrometheusText(registry.exposition())
        #expect(read.value("process_start_time_seconds") == 1_773_500_966.535)
        #expect(try #require(read.value("process_resident_memory_bytes")) > 1_000_000)
        #expect(try #require(read.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(read.value("process_open_fds")) >= 3)
    }
}
