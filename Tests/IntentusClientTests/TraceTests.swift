import IntentProtocol
import Testing

@testable import IntentusClient

@Suite("Traces of a client")
struct TraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    /// The headers of a trace that a call in some place is sent with.
    private func sent(
        _ place: IntentTrace?, options: IntentOptions = IntentOptions(), ratio: Double? = nil
    ) async throws -> (parent: String?, state: String?, baggage: String?, dropped: Int) {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let traces = try ratio.map { ratio in
            // Nobody takes these spans: that is no concern of calls.
            var settings = TraceSettings(endpoint: "http://127.0.0.1:1/v1/traces", serviceName: "test")
            settings.ratio = ratio
            return try IntentTraces(settings)
        }
        try await ClientFixture.with(gateway.url, configure: { $0.traces = traces }) { client, _ in
            try await IntentTrace.$current.withValue(place) { _ = try await client.ask(options: options).get() }
        }
        await traces?.shutdown(withinMilliseconds: 100)
        let request = try #require(gateway.requests.last)
        return (
            request.header("traceparent"), request.header("tracestate"), request.header("baggage"),
            traces?.droppedSpans ?? 0
        )
    }

    @Test("what is called inside a place in a trace says so, with all that was said there")
    func passing() async throws {
        let place = try #require(IntentTrace(traceparent: Self.parent, tracestate: "a=1", baggage: "k=v"))
        let sent = try await sent(place)
        #expect(sent.parent == Self.parent && sent.state == "a=1" && sent.baggage == "k=v")
        // Malformed is left out.
        let bad = try #require(IntentTrace(traceparent: Self.parent, tracestate: "A", baggage: ","))
        #expect(bad.tracestate == nil && bad.baggage == nil && IntentTrace(traceparent: "00") == nil)
    }

    @Test(
        "a span of our own stands between; another trace takes the baggage along, and not what vendors say of the first"
    )
    func between() async throws {
        let place = try #require(IntentTrace(traceparent: Self.parent, tracestate: "a=1", baggage: "k=v"))
        let inside = try await sent(place, ratio: 0)
        #expect(inside.parent?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
        #expect(inside.parent != Self.parent && inside.state == "a=1" && inside.dropped == 1)
        var options = IntentOptions()
        options.traceId = "0af7651916cd43dd8448eb211c80319c"
        let other = try await sent(place, options: options, ratio: 0)
        #expect(other.parent?.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") == true)
        #expect(other.state == nil && other.baggage == "k=v")
    }

    @Test("a trace that begins here and is not kept is told as such; without traces nothing is said")
    func unkept() async throws {
        let unkept = try await sent(nil, ratio: 0)
        #expect(unkept.parent?.hasSuffix("-02") == true && unkept.dropped == 0)
        #expect(try await sent(nil, ratio: 1).parent?.hasSuffix("-03") == true)
        #expect(try await sent(nil).parent == nil)
    }

    @Test("refuses an endpoint or a header that is none, and shows no secret")
    func settings() throws {
        #expect(throws: TraceSettings.Fault.self) {
            _ = try IntentTraces(TraceSettings(endpoint: "x", serviceName: "s"))
        }
        for (name, value) in [("", "v"), ("a b", "v"), ("Host", "v"), ("a", "b\r\nc: d")] {
            var settings = TraceSettings(endpoint: "http://127.0.0.1:1", serviceName: "s")
            settings.headers = [name: Secret(value)]
            #expect(throws: TraceSettings.Fault.self) { _ = try settings.headerLines() }
        }
        var settings = TraceSettings(endpoint: "http://127.0.0.1:1", serviceName: "s")
        settings.headers = ["authorization": Secret("Bearer x1y2")]
        #expect(!"\(settings)".contains("x1y2"))
        #expect(try String(decoding: settings.headerLines(), as: UTF8.self) == "authorization: Bearer x1y2\r\n")
    }
}
