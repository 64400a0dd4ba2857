/// The `traceparent` header of W3C Trace Context.
enum TraceParent {
    /// The header for a trace id of 32 lower-case hex digits, not all zero, with a fresh span; nil for any other.
    static func text(traceId: String?) -> String? {
        guard let traceId, traceId.utf8.count == 32, traceId.utf8.allSatisfy(isHexDigit),
            traceId.utf8.contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        let hex = String(UInt64.random(in: 1 ... .max), radix: 16)
        return "00-\(traceId)-\(String(repeating: "0", count: 16 - hex.count))\(hex)-01"
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
