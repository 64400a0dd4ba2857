import Foundation
import Testing

@testable import IntentProtocol

@Suite("Hostile bytes")
struct FuzzTests {
    private static let fragments = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude80", "null", "true", "NaN", "1e999", "-0",
        "1e5",
        "\"body\":", "\"messageType\":\"intent\"", "\"__proto__\":1", "\"\\u005f_proto__\":1", "\"Bearer x\"", "é", "🚀",
        "\u{0}", "\u{FEFF}", "\"a\":1,", "\"traceId\":null", "[[[[", "\"version\":\"1.0\"", " ", "\n",
        "\"constructor\":{}",
    ].map { Array($0.utf8) }

    /// Well-formed inputs that mutations start from.
    private static func seeds() throws -> [[UInt8]] {
        var seeds = [
            Sample().bare, Sample().frame, Sample.chain(#"["Bearer a.b.c","user:x"]"#).frame,
            Sample.with { $0.payload = #"{"__proto__":{"a":[1,2.5e3,"\u00e9🚀"]},"k":{"constructor":null}}"# }.bare,
            #"{"messageType":"response","body":{"status":"success","payload":{"a":1},"metadata":{"traceId":"t"},"error":null}}"#,
            #"{"status":"error","payload":null,"error":{"code":"RATE_LIMIT","message":"m","details":{"a":[1]}}}"#,
        ].map { Array($0.utf8) }
        for vector in try Vectors.cases("http_wire") {
            if let body = vector.text("bodyText") { seeds.append(bytes(body)) }
        }
        return seeds
    }

    private static func mutate(_ input: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var output = input
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...output.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where place < output.count: output[place] = UInt8.random(in: 0...255, using: &random)
            case 1 where place < output.count: output[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: output.insert(contentsOf: fragments.randomElement(using: &random) ?? [], at: place)
            case 3: output.removeSubrange(place..<min(output.count, place + Int.random(in: 1...8, using: &random)))
            case 4:
                let start = Int.random(in: 0...output.count, using: &random)
                let part = Array(output[start..<min(output.count, start + Int.random(in: 0...60, using: &random))])
                output.insert(contentsOf: part, at: place)
            default: output.removeSubrange(place...)
            }
            if output.isEmpty { output = [0x7B] }
        }
        return output
    }

    @Test("20,000 mutated inputs: no crash, and what is accepted stays the same when sent on")
    func mutations() throws {
        var random = SplitMix64(seed: 0x1D7E_2026)
        let seeds = try Self.seeds()
        var deep = EnvelopeLimits()
        deep.dangerousKeys = .everyDepth
        var accepted = (intents: 0, replies: 0, values: 0)
        for round in 0..<20_000 {
            let seed = try #require(seeds.randomElement(using: &random))
            let input = Self.mutate(seed, &random)
            if let incoming = try? IncomingIntent(parsing: input, limits: round % 2 == 0 ? .default : deep) {
                try checkIntent(incoming, limits: round % 2 == 0 ? .default : deep)
                accepted.intents += 1
            }
            let reply = AgentReply(parsing: input, httpStatus: 200)
            if reply.error?.code != .transportError { accepted.replies += 1 }
            try checkReply(reply)
            if let value = try? JSONValue(parsing: input) {
                try checkValue(value, input)
                accepted.values += 1
            }
        }
        // The seeds are good and many mutations harmless: a fuzzer whose inputs are all refused tests nothing.
        #expect(accepted.intents > 500 && accepted.replies > 100 && accepted.values > 500, "\(accepted)")
    }

    @Test("random bytes and random fragments: no crash")
    func noise() throws {
        var random = SplitMix64(seed: 42)
        for _ in 0..<5_000 {
            var input: [UInt8] = []
            if Bool.random(using: &random) {
                for _ in 0..<Int.random(in: 0...40, using: &random) {
                    input += Self.fragments.randomElement(using: &random) ?? []
                }
            } else {
                for _ in 0..<Int.random(in: 0...64, using: &random) {
                    input.append(.random(in: 0...255, using: &random))
                }
            }
            if let incoming = try? IncomingIntent(parsing: input) { try checkIntent(incoming, limits: .default) }
            try checkReply(AgentReply(parsing: input, httpStatus: 200))
            if let value = try? JSONValue(parsing: input) { try checkValue(value, input) }
        }
    }

    private func checkIntent(_ incoming: IncomingIntent, limits: EnvelopeLimits) throws {
        let envelope = incoming.envelope
        let frame = envelope.frameText(traceId: "given")
        #expect((try? JSONSerialization.jsonObject(with: Data(frame.utf8))) != nil, "\(frame)")
        let again = try IncomingIntent(parsing: bytes(frame), limits: limits)
        let other = again.envelope
        #expect(again.shape == .frame && again.bearerTokens().isEmpty && other.removedKeys.isEmpty)
        #expect(other.version == envelope.version && other.intentName == envelope.intentName)
        #expect(other.intentVersion == envelope.intentVersion && other.sourceAgent == envelope.sourceAgent)
        #expect(other.timestamp == envelope.timestamp && other.priority == envelope.priority)
        #expect(other.tags == envelope.tags && other.requestId == envelope.requestId)
        #expect(other.source == envelope.source && other.createdAt == envelope.createdAt)
        #expect(other.traceId == envelope.traceId ?? "given" && other.identityChain == envelope.identityChain)
        #expect(other.strategy == envelope.strategy && other.targetAgent == envelope.targetAgent)
        #expect(other.fallbackAgents == envelope.fallbackAgents && other.decisionPath == envelope.decisionPath)
        #expect(other.retries == envelope.retries && other.payload == envelope.payload)
        #expect(other.frameText() == frame)
    }

    private func checkReply(_ reply: AgentReply) throws {
        var out: [UInt8] = []
        reply.append(to: &out, shape: .frame, traceId: "given")
        #expect((try? JSONSerialization.jsonObject(with: Data(out))) != nil, "\(text(out))")
        let again = AgentReply(parsing: out, httpStatus: 200)
        #expect(again.error == reply.error && again.status == reply.status && again.payload == reply.payload)
        #expect(again.traceId == "given")
    }

    private func checkValue(_ value: JSONValue, _ input: [UInt8]) throws {
        let encoded = value.encoded
        #expect(try JSONValue(parsing: encoded) == value)
        #expect((try? JSONSerialization.jsonObject(with: Data(encoded), options: .fragmentsAllowed)) != nil)
        #expect(PythonJSONLength.count(encoded[...]) == PythonJSONLength.count(input[...]))
    }
}
