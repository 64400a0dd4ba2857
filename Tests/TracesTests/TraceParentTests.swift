import Testing
import Traces

@Suite("traceparent")
struct TraceParentTests {
    private static let usual = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func parse(_ text: String) -> TraceParent? {
        // Behind other bytes, as in the head of a request.
        let bytes = Array(("xx" + text).utf8)
        return TraceParent(bytes[2...])
    }

    @Test("reads what W3C Trace Context writes, and writes it again")
    func roundTrip() throws {
        let parent = try #require(parse(Self.usual))
        #expect(parent.text == Self.usual)
        #expect(parent.isSampled && !parent.isRandom)
        #expect(parent.traceId.high == 0x4bf9_2f35_77b3_4da6 && parent.spanId.bits == 0x00f0_67aa_0ba9_02b7)
        #expect(parse(Self.usual.dropLast(2) + "00")?.isSampled == false)
        #expect(parse(Self.usual.dropLast(2) + "03")?.isRandom == true)
    }

    @Test("a later version may say more; unknown flags are not passed on")
    func laterVersions() {
        #expect(parse("cc" + Self.usual.dropFirst(2) + "-what-the-future-brings")?.text == Self.usual)
        #expect(parse("cc" + Self.usual.dropFirst(2))?.text == Self.usual)
        #expect(parse(Self.usual.dropLast(2) + "ff")?.text == Self.usual.dropLast(2) + "03")
    }

    @Test(
        "takes nothing else for one",
        arguments: [
            "", "00", usual + "-", usual + "-x", usual.dropLast() + "", "ff" + usual.dropFirst(2),
            "0g" + usual.dropFirst(2),
            "cc" + usual.dropFirst(2) + "x", usual.uppercased(),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
            "cc" + usual.dropFirst(2) + "-" + String(repeating: "a", count: 500),
        ] as [String])
    func refused(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test("ids drawn at random are never the ones that stand for none")
    func randomIds() {
        #expect(TraceId(high: 0, low: 0) == nil && SpanId(0) == nil)
        #expect(String(decoding: TraceId(random: 0, 0).hex, as: UTF8.self) == String(repeating: "0", count: 31) + "1")
        #expect(SpanId(random: 0).bits == 1)
    }
}

@Suite("tracestate and baggage")
struct TraceHeadersTests {
    private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
    private static let full = (0..<32).map { "k\($0)=v" }.joined(separator: ",")

    @Test(
        "takes tracestate as the specification has it",
        arguments: [
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1", " a=1 ,\tb=2 ", "a=1,,b=2", "0tenant@vendor-x/y*z=val ue",
            full,
        ] as [String])
    func state(_ text: String) {
        #expect(TraceHeaders.isState(bytes(text)))
    }

    @Test(
        "leaves out a tracestate that is none, or too much",
        arguments: [
            "", ",", "a", "a=", "=b", "A=1", "a=1,a=2", "a=b=c", "a=\u{1}", "ä=1", "a=1;b=2,c", full + ",k32=v",
            "a=" + String(repeating: "v", count: 511),
        ] as [String])
    func noState(_ text: String) {
        #expect(!TraceHeaders.isState(bytes(text)))
    }

    @Test(
        "takes baggage as the specification has it",
        arguments: [
            "userId=alice", "key1=value1,key2 = value2; prop1 ; prop2=x", "a=%20%C3%A4", "a=", "k=v=w",
            (0..<64).map { "k\($0)=v" }.joined(separator: ","),
        ] as [String])
    func baggage(_ text: String) {
        #expect(TraceHeaders.isBaggage(bytes(text)))
    }

    @Test(
        "leaves out baggage that is none, or too much",
        arguments: [
            "", "a", ",a=1", "a=1,", "a=\"1\"", "a=1\\", "a b=1", "a=1 2", "a=ä", "a=1;",
            (0..<65).map { "k\($0)=v" }.joined(separator: ","),
            "a=" + String(repeating: "v", count: 8_191),
        ] as [String])
    func noBaggage(_ text: String) {
        #expect(!TraceHeaders.isBaggage(bytes(text)))
    }
}

@Suite("Sampling of traces")
struct TraceSamplingTests {
    @Test("keeps the stated share of the traces that begin here", arguments: [0, 0.01, 0.5, 1] as [Double])
    func ratio(_ ratio: Double) {
        let sampling = TraceSampling(ratio: ratio)
        var bits: UInt64 = 1
        var kept = 0
        for _ in 0..<100_000 {
            bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if sampling.keeps(draw: bits >> 8) { kept += 1 }
        }
        #expect(abs(Double(kept) / 100_000 - ratio) < 0.005)
        if ratio == 0 || ratio == 1 { #expect(kept == Int(ratio) * 100_000) }
    }

    @Test("follows services unless told otherwise")
    func parents() {
        #expect(TraceSampling(ratio: 1).follows(isService: true) && !TraceSampling(ratio: 1).follows(isService: false))
        let (all, none) = (TraceSampling(ratio: 0, parents: .followed), TraceSampling(ratio: 1, parents: .ignored))
        #expect(all.follows(isService: false) && !none.follows(isService: true))
    }
}
