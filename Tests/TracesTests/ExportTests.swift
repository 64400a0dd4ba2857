import GatewayHTTP
import IntentProtocol
import Synchronization
import Testing
import TraceExport
import Traces

@Suite("Exporting spans")
struct ExportTests {
    private static func spans(_ count: Int, _ name: String = "s") -> [Span] {
        (0..<count).map { index in
            Span(
                traceId: TraceId(random: 1, 3), spanId: SpanId(random: UInt64(index) << 1), parentSpanId: nil,
                name: name,
                kind: .server, startUnixNanoseconds: 1, endUnixNanoseconds: 2)
        }
    }

    /// An exporter whose sleeping only moves a clock.
    private final class Bench: Sendable {
        let now = Mutex<Int64>(0)
        let slept = Mutex<[Int64]>([])
        let sent = Mutex<[Int]>([])
        let answers: Mutex<[SpanDelivery]>

        init(_ answers: [SpanDelivery]) { self.answers = Mutex(answers) }

        func exporter(queue: Int = 100, batch: Int = 10) -> SpanExporter {
            var settings = SpanExporter.Settings()
            (settings.queueSpansMax, settings.batchSpansMax) = (queue, batch)
            return SpanExporter(
                settings, text: OTLPText(resource: [], scope: ("test", "1")),
                SpanExporter.Surroundings(
                    nowNanoseconds: { self.now.withLock { $0 } },
                    sleep: { milliseconds in
                        self.slept.withLock { $0.append(milliseconds) }
                        self.now.withLock { $0 += milliseconds * 1_000_000 }
                        await Task.yield()
                    }, jitter: { 0 }))
        }

        /// Gives the answers one after the other; the last one stays.
        func send(_ body: [UInt8]) -> SpanDelivery {
            sent.withLock { $0.append(body.count) }
            return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        }
    }

    @Test("a queue takes the spans of a request together or not at all")
    func queue() {
        var queue = SpanQueue(spansMax: 5)
        let taken = [3, 3, 2].map { queue.append(Self.spans($0)) }
        #expect(taken == [true, false, true] && queue.count == 5)
        let batches = (0..<3).map { _ in queue.take(atMost: 4).count }
        #expect(batches == [4, 1, 0])
        let again = queue.append(Self.spans(5))
        #expect(again)
    }

    @Test("waits double, obey Retry-After, and end with the patience")
    func backOff() {
        let backOff = ExportBackOff()
        func wait(_ attempt: Int, asked: Int64? = nil, spent: Int64 = 0, jitter: Double = 0) -> Int64? {
            backOff.wait(attempt: attempt, askedMilliseconds: asked, spentMilliseconds: spent, jitter: jitter)
        }
        #expect((1...7).map { wait($0) } == [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
        #expect(wait(1, jitter: 1) == 1_500 && wait(1, asked: 7_000) == 7_000 && wait(1, asked: 1) == 1_000)
        #expect(wait(1, asked: 61_000) == nil && wait(1, spent: 59_500) == nil && wait(200, spent: 10_000) == 30_000)
    }

    @Test("sends in batches, again where it is told to, and gives up in the end; each span is counted once")
    func sending() async throws {
        let bench = Bench([
            .accepted(rejectedSpans: 0), .notNow(retryAfterMilliseconds: 5_000), .accepted(rejectedSpans: 2), .refused,
            .notNow(retryAfterMilliseconds: nil),
        ])
        let exporter = bench.exporter()
        for _ in 0..<9 { exporter.append(Self.spans(5)) }
        exporter.append(Self.spans(60))
        #expect(exporter.counts.dropped == [.queueFull: 60] && exporter.queued == 45)
        let running = Task { await exporter.run { bench.send($0) } }
        while exporter.queued > 0 { await Task.yield() }
        running.cancel()
        await running.value
        // Batches of 10: taken; taken later, all but two; refused; never taken; the last five neither.
        let counts = exporter.counts
        #expect(counts.exported == 18)
        #expect(counts.dropped[.refused] == 12)
        #expect((counts.dropped[.undelivered] ?? 0) + (counts.dropped[.shutdown] ?? 0) == 15)
        #expect(bench.slept.withLock { $0.contains(5_000) && $0.contains(16_000) })
    }

    @Test("at the end every batch has one chance, and the rest is counted as lost")
    func closing() async throws {
        let bench = Bench([.accepted(rejectedSpans: 0), .notNow(retryAfterMilliseconds: nil)])
        let exporter = bench.exporter()
        for _ in 0..<4 { exporter.append(Self.spans(9)) }
        await exporter.close(withinMilliseconds: 1_000) { bench.send($0) }
        exporter.append(Self.spans(3))
        #expect(exporter.counts.exported == 10)
        #expect(exporter.counts.dropped == [.shutdown: 29] && exporter.queued == 0)
        let nobody = Bench([.accepted(rejectedSpans: 0)])
        let late = nobody.exporter()
        late.append(Self.spans(3))
        await late.close(withinMilliseconds: 0) { nobody.send($0) }
        #expect(late.counts.dropped == [.shutdown: 3])
    }

    @Test(
        "reads answers as the OTLP document says",
        arguments: [
            (200, nil, "{}", SpanDelivery.accepted(rejectedSpans: 0)),
            (200, nil, #"{"partialSuccess":{"rejectedSpans":"7","errorMessage":"x"}}"#, .accepted(rejectedSpans: 7)),
            (202, nil, #"{"partialSuccess":{"rejectedSpans":-1}}"#, .accepted(rejectedSpans: 0)),
            (200, nil, "no JSON", .accepted(rejectedSpans: 0)),
            (429, "3", "", .notNow(retryAfterMilliseconds: 3_000)),
            (503, nil, "", .notNow(retryAfterMilliseconds: nil)),
            (502, "x", "", .notNow(retryAfterMilliseconds: nil)), (504, "-1", "", .notNow(retryAfterMilliseconds: 0)),
            (400, "3", "", .refused), (401, nil, "", .refused), (404, nil, "", .refused), (500, nil, "", .refused),
            (301, nil, "", .refused),
        ] as [(Int, String?, String, SpanDelivery)])
    func answers(status: Int, retryAfter: String?, body: String, delivery: SpanDelivery) {
        let answer = UpstreamAnswer(status: status, retryAfter: retryAfter, body: Array(body.utf8))
        #expect(SpanDelivery(answer) == delivery)
    }

    @Test("who makes the spans: the configuration, and what OpenTelemetry's variables say beyond it")
    func resource() {
        let facts = TraceResource.attributes(
            service: "gateway", version: "1.2", instance: "gw-1",
            environment: [
                "OTEL_SERVICE_NAME": "edge",
                "OTEL_RESOURCE_ATTRIBUTES":
                    "k8s.pod.name=gw-0, k8s.namespace.name = a%20b ,broken,=x,bad=%zz,service.version=2",
            ])
        let known = Dictionary(uniqueKeysWithValues: facts.map { ($0.key, $0.value) })
        #expect(known["service.name"] == .text("edge") && known["service.version"] == .text("2"))
        #expect(known["k8s.pod.name"] == .text("gw-0") && known["k8s.namespace.name"] == .text("a b"))
        #expect(known["service.instance.id"] == .text("gw-1") && known["bad"] == nil && known["broken"] == nil)
    }

    @Test("text from outside cannot leave its place, and is cut")
    func hostileText() throws {
        var span = Self.spans(1, "a\"},{\u{1}")[0]
        span.attributes = [
            SpanAttribute("k\"", String(repeating: "é", count: 200)), SpanAttribute("n", -1), SpanAttribute("f", true),
        ]
        span.traceState = "a=\\b"
        let body = OTLPText(resource: [SpanAttribute("r", "\n")], scope: ("s", "")).body(of: [span, span])
        let text = String(decoding: body, as: UTF8.self)
        let read = try JSONValue(parsing: body)
        #expect(read.encoded == body, "the text is JSON, and nothing else: \(text)")
        #expect(text.contains(#""name":"a\"},{\u0001""#) && text.contains(#""traceState":"a=\\b""#))
        #expect(text.contains(#""intValue":"-1""#) && text.contains(#""boolValue":true"#))
        #expect(text.contains(String(repeating: "é", count: 128)) && !text.contains(String(repeating: "é", count: 129)))
    }
}
