import Gateway
import IntentProtocol
import Observability
import Testing
import Traces

@Suite("Fine latencies")
struct FineLatencyTests {
    private static let name = "intentusnet_request_duration_fine_seconds"

    private func bounds() throws -> [Double] {
        let registry = MetricsRegistry()
        registry.register(RequestMeter())
        return try PrometheusText(registry.exposition()).samples(Self.name + "_bucket")
            .filter { $0.labels["result"] == "success" }.compactMap { $0.labels["le"] }.compactMap {
                $0 == "+Inf" ? .infinity : Double($0)
            }
    }

    @Test("no bound between 100 µs and 1 s is more than a tenth above the one before it, and their number is fixed")
    func widths() throws {
        let bounds = try bounds()
        #expect(bounds.count == 117)
        #expect(bounds.first == 0.0001 && bounds.last == .infinity)
        #expect(bounds.contains(0.001) && bounds.contains(0.01) && bounds.contains(0.1) && bounds.contains(1))
        for (low, high) in zip(bounds, bounds.dropFirst()) where high <= 1 {
            #expect(high / low <= 1.1 + 1e-9, "\(low) to \(high)")
        }
        #expect(bounds == bounds.sorted())
    }

    @Test(
        "a quantile read from the buckets is within a tenth of the true one, over five decades",
        arguments: [0.5, 0.99, 0.999])
    func quantile(_ quantile: Double) throws {
        let meter = RequestMeter()
        var random = SplitMix64(state: 7)
        var latencies: [Double] = []
        for _ in 0..<20_000 {
            // Log-uniform from 100 µs to 900 ms.
            let latency = 0.0001 * pow10(3.954 * Double(random.next() >> 11) / Double(1 << 53))
            latencies.append(latency)
            meter.record(
                intent: "A", agent: "a", outcome: RequestOutcome.success, latencyNanoseconds: Int64(latency * 1e9))
        }
        latencies.sort()
        let exact = latencies[Int(quantile * Double(latencies.count))]
        let registry = MetricsRegistry()
        registry.register(meter)
        let buckets = try PrometheusText(registry.exposition()).samples(Self.name + "_bucket")
            .filter { $0.labels["result"] == "success" }
        let rank = quantile * Double(latencies.count)
        let bucket = try #require(buckets.first { $0.value >= rank })
        let bound = try #require(Double(bucket.labels["le"] ?? ""))
        #expect(abs(bound - exact) / exact <= 0.1, "\(bound) for \(exact)")
    }

    private func pow10(_ exponent: Double) -> Double {
        var (result, rest, base) = (1.0, exponent, 10.0)
        while rest >= 1 { (result, rest) = (result * base, rest - 1) }
        // The rest by square roots of ten, to twenty binary places.
        for _ in 0..<20 {
            base = base.squareRoot()
            rest *= 2
            if rest >= 1 { (result, rest) = (result * base, rest - 1) }
        }
        return result
    }

    @Test("tells every outcome by whose fault it was, and every result from the start")
    func results() throws {
        let meter = RequestMeter()
        func counts() throws -> [String: Double] {
            let registry = MetricsRegistry()
            registry.register(meter)
            return Dictionary(
                uniqueKeysWithValues: try PrometheusText(registry.exposition()).samples(Self.name + "_count")
                    .map { ($0.labels["result"] ?? "", $0.value) })
        }
        #expect(try counts() == ["success": 0, "refused": 0, "failed": 0, "client_gone": 0])
        let port: any RequestMetering = meter
        port.record(intent: nil, agent: nil, outcome: nil, latencyNanoseconds: 1, sampled: nil)
        port.recordClientGone(intent: nil, agent: nil, latencyNanoseconds: 1)
        for code in ErrorCode.allCases {
            port.record(intent: nil, agent: nil, outcome: code, latencyNanoseconds: 1, sampled: nil)
        }
        let failed = Double(ErrorCode.allCases.count { $0.httpStatus >= 500 })
        #expect(
            try counts() == [
                "success": 1, "refused": Double(ErrorCode.allCases.count) - failed, "failed": failed, "client_gone": 1,
            ])
    }

    @Test("points to the last kept trace of each bucket, in OpenMetrics alone")
    func exemplars() throws {
        var settings = RequestMeter.Settings()
        settings.shards = 2
        let meter = RequestMeter(settings)
        let trace = try #require(TraceId(hex: Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8)[...]))
        func record(_ trace: TraceId?, milliseconds: Int64, second: Int64) {
            meter.record(
                intent: "A", agent: "a", outcome: RequestOutcome.success, latencyNanoseconds: milliseconds * 1_000_000,
                sampled: trace.map { SampledRequest(traceId: $0, unixNanoseconds: second * 1_000_000_000) })
        }
        record(TraceId(random: 1, 2), milliseconds: 5, second: 1_800_000_000)
        record(trace, milliseconds: 5, second: 1_800_000_001)
        record(nil, milliseconds: 5, second: 1_800_000_002)
        let registry = MetricsRegistry()
        registry.register(meter)
        let open = String(decoding: registry.exposition(.openMetrics), as: UTF8.self)
        #expect(
            open.contains(
                "le=\"0.00525\"} 3 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"} 0.005 1800000001.000\n"))
        #expect(open.components(separatedBy: "trace_id").count == 2)
        #expect(!String(decoding: registry.exposition(), as: UTF8.self).contains("trace_id"))
    }
}

extension String {
    fileprivate func components(separatedBy text: String) -> [Substring] {
        split(separator: text, omittingEmptySubsequences: false)
    }
}
