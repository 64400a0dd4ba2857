import Observability
import Testing

@Suite("Exposition formats")
struct ExpositionFormatTests {
    @Test(
        "OpenMetrics for who asks for it, and the older format for everybody else",
        arguments: [
            // Prometheus 2.42, as Debian has it.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true
            ),
            ("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", true),
            ("APPLICATION/OpenMetrics-Text", true),
            ("text/plain, application/openmetrics-text;q=0.5", false),
            ("application/openmetrics-text;version=0.0.1", false),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", false),
            ("*/*", false), ("text/html", false), ("", false), (",;,;q=,", false),
        ])
    func negotiation(accept: String, isOpen: Bool) {
        let format = ExpositionFormat(accepting: [Array(accept.utf8)[...]])
        #expect(format == (isOpen ? .openMetrics : .prometheus))
    }

    @Test("nobody who says nothing gets OpenMetrics; several lines count as one")
    func lines() {
        #expect(ExpositionFormat(accepting: []) == .prometheus)
        let lines = ["text/plain;q=0.3", "application/openmetrics-text"].map { Array($0.utf8)[...] }
        #expect(ExpositionFormat(accepting: lines) == .openMetrics)
    }

    @Test("writes OpenMetrics as its specification says")
    func openMetrics() {
        let registry = MetricsRegistry()
        registry.counter("reloads_total", "Reloads \"asked\".", labels: [MetricLabel("result", "a\"b")]).increment()
        registry.gauge("connections", "Open connections.").set(2)
        #expect(
            String(decoding: registry.exposition(.openMetrics), as: UTF8.self) == """
                # HELP reloads Reloads \\"asked\\".
                # TYPE reloads counter
                reloads_total{result="a\\"b"} 1
                # HELP connections Open connections.
                # TYPE connections gauge
                connections 2
                # EOF

                """)
    }
}
