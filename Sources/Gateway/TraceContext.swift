/// The W3C trace context that a caller sent.
struct TraceContext {
    /// 32 lower-case hex digits.
    let traceId: [UInt8]
    /// `traceparent` and `tracestate` for the worker, as complete header lines.
    let headerLines: [UInt8]

    /// nil without a well-formed `traceparent`.
    init?(_ arrival: borrowing Arrival) {
        guard let parent = arrival.traceparent, Self.isWellFormed(parent) else { return nil }
        traceId = Array(parent.dropFirst(3).prefix(32))
        var lines = Self.line("traceparent: ", parent)
        if let state = arrival.tracestate, state.count <= 512 { lines += Self.line("tracestate: ", state) }
        headerLines = lines
    }

    /// A new trace id, 32 lower-case hex digits and not all zeroes.
    static func freshTraceId(_ random: some Surroundings) -> [UInt8] {
        var fresh: [UInt8] = []
        fresh.reserveCapacity(32)
        appendHex(random.randomBits(), to: &fresh)
        appendHex(random.randomBits() | 1, to: &fresh)
        return fresh
    }

    /// `version-traceid-parentid-flags` in lower-case hex, neither id all zeroes (W3C Trace Context, section 3.2).
    private static func isWellFormed(_ value: ArraySlice<UInt8>) -> Bool {
        guard value.count == 55 else { return false }
        var idBits: UInt8 = 0
        var parentBits: UInt8 = 0
        for (offset, byte) in value.enumerated() {
            switch offset {
            case 2, 35, 52:
                guard byte == UInt8(ascii: "-") else { return false }
            default:
                guard let digit = hexDigit(byte) else { return false }
                if (3..<35).contains(offset) { idBits |= digit }
                if (36..<52).contains(offset) { parentBits |= digit }
            }
        }
        let isVersionFF = value.prefix(2).allSatisfy { $0 == UInt8(ascii: "f") }
        return idBits != 0 && parentBits != 0 && !isVersionFF
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func appendHex(_ bits: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: bits >> UInt64(shift)) & 0xF
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    private static func line(_ name: StaticString, _ value: ArraySlice<UInt8>) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(name.utf8CodeUnitCount + value.count + 2)
        name.withUTF8Buffer { line.append(contentsOf: $0) }
        line.append(contentsOf: value)
        line.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
        return line
    }
}
