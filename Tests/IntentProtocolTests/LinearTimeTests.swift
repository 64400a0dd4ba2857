import Testing

@testable import IntentProtocol

@Suite("S19 a hostile body costs no more than linear time")
struct LinearTimeTests {
    enum Hostile: String, CaseIterable, Sendable {
        case openBrackets, openObjects, manyKeys, longEscapedString, escapedKeys, sameKeyManyTimes, longKeys
        case manySmallObjects, digits, fraction, spaces, nonASCII, bearerEscapes, dangerous, quotes, floats

        /// About `count` bytes of payload.
        func payload(_ count: Int) -> String {
            func fill(_ unit: String) -> String { String(repeating: unit, count: count / unit.utf8.count) }
            func join(_ each: Int, _ member: (Int) -> String) -> String {
                (0..<max(1, count / each)).map(member).joined(separator: ",")
            }
            switch self {
            case .openBrackets: return #"{"a":\#(fill("["))"#
            case .openObjects: return fill(#"{"a":"#)
            case .manyKeys:
                return "{" + join(100) { #""\#(String(repeating: "p", count: 85))\#(100_000 + $0)":1"# } + "}"
            case .longEscapedString: return #"{"a":"\#(fill("\\u00e9"))"}"#
            case .escapedKeys:
                return "{" + join(110) { #""\#(String(repeating: "\\u0061", count: 14))\#(100_000 + $0)":1"# } + "}"
            case .sameKeyManyTimes: return "{" + fill(#""a":1,"#) + #""b":2}"#
            case .longKeys:
                let key = String(repeating: "k", count: count / 8 - 10)
                return "{" + (0..<8).map { #""\#(key)\#($0)":1"# }.joined(separator: ",") + "}"
            case .manySmallObjects:
                return #"{"a":["# + join(110) { #"{"n":\#($0),"t":"\#(String(repeating: "x", count: 90))"}"# } + "]}"
            case .digits: return #"{"a":\#(fill("9"))}"#
            case .fraction: return #"{"a":0.\#(fill("9"))e1}"#
            case .spaces: return #"{"a":\#(fill(" "))1}"#
            case .nonASCII: return #"{"a":"\#(fill("é🚀"))"}"#
            case .bearerEscapes: return #"{"a":"\#(fill("\\u0042earer "))"}"#
            case .dangerous:
                return #"{"b":["# + join(50) { #"{"__proto__":[\#($0)],"constructor":"}"}"# } + #"],"__proto__":1}"#
            case .quotes: return #"{"a":"\#(fill("\\\""))"}"#
            case .floats: return #"{"a":["# + join(8) { _ in "1.5e300" } + "]}"
            }
        }
    }

    @Test("four times the bytes cost less than eight times the time", arguments: Hostile.allCases)
    func linear(_ hostile: Hostile) throws {
        var limits = EnvelopeLimits()
        limits.bodyBytesMax = 4 << 20
        limits.payloadBytesMax = 16 << 20
        limits.dangerousKeys = .everyDepth
        let small = bytes(Sample.with { $0.payload = hostile.payload(256 << 10) }.bare)
        let large = bytes(Sample.with { $0.payload = hostile.payload(1 << 20) }.bare)
        // A busy machine can only make a run longer, so the shortest of several is compared, and once more if need be.
        var ratio = Double.infinity
        var longest = Duration.zero
        for _ in 0..<3 where ratio >= 8 {
            let (one, four) = (shortest(small, limits), shortest(large, limits))
            // Below 20 µs, a refusal at the first bytes, the clock and not the bytes decide.
            ratio = four / max(one, .microseconds(20))
            longest = max(longest, four)
        }
        #expect(ratio < 8, "\(hostile): \(ratio)")
        #expect(longest < .seconds(2), "\(hostile): \(longest)")
    }

    private func shortest(_ body: [UInt8], _ limits: EnvelopeLimits) -> Duration {
        var shortest = Duration.seconds(60)
        for _ in 0..<3 {
            let time = ContinuousClock().measure {
                _ = try? IncomingIntent(parsing: body, limits: limits)
                _ = AgentReply(parsing: body, httpStatus: 200).isSuccess
            }
            shortest = min(shortest, time)
        }
        return shortest
    }
}
